//! The ways of docs/listen.md in which servers take a socket that is open already.

/// What lameduck exits with when nothing in the server minds the signal, or it is raised again in the end.
const BY_TERM: i32 = 128 + libc::SIGTERM;

/// A way to take a socket.
pub struct Recipe {
    /// As a part of a test's name.
    pub name: &'static str,
    /// A program without which it is ignored; "" for what the tests install themselves.
    pub needs: &'static str,
    /// The words of docs/listen.md, `{port}` for the port.
    pub command: &'static [&'static str],
    /// Variables; `{port}` as in the command.
    pub environment: &'static [(&'static str, &'static str)],
    /// lameduck's own.
    pub options: &'static [&'static str],
    /// What lameduck exits with.
    pub status: i32,
}

impl Recipe {
    const fn new(name: &'static str, command: &'static [&'static str]) -> Self {
        Self { name, needs: "", command, environment: &[], options: &[], status: 0 }
    }

    const fn of(self, needs: &'static str) -> Self {
        Self { needs, ..self }
    }

    const fn environment(self, environment: &'static [(&'static str, &'static str)]) -> Self {
        Self { environment, ..self }
    }

    const fn stopped_by_quit(self) -> Self {
        Self { options: &["--forward-signal", "TERM=QUIT"], ..self }
    }

    const fn status(self, status: i32) -> Self {
        Self { status, ..self }
    }
}

const WAITRESS: &str =
    "import socket, waitress, app; waitress.serve(app.application, sockets=[socket.socket(fileno=3)])";
/// Its file server would answer before anybody is queued: so it stands before a gunicorn.
const NGINX: &[&str] = &[
    "./nginx.sh",
    "{port}",
    "sh",
    "-c",
    "exec gunicorn --no-control-socket --workers 4 --bind unix:$UPSTREAM app:application",
];

/// All of them.
pub const RECIPES: &[Recipe] = &[
    Recipe::new("gunicorn", &["gunicorn", "--no-control-socket", "--workers=4", "app:application"]),
    Recipe::new(
        "gunicorn_with_threads",
        &["gunicorn", "--no-control-socket", "--threads=8", "app:application"],
    ),
    Recipe::new("uvicorn", &["uvicorn", "--fd", "3", "--no-access-log", "asgi:application"]).status(BY_TERM),
    Recipe::new(
        "uvicorn_with_workers",
        &["uvicorn", "--fd", "3", "--workers", "2", "--no-access-log", "asgi:application"],
    ),
    Recipe::new("hypercorn", &["hypercorn", "--bind", "fd://3", "asgi:application"]),
    Recipe::new("daphne", &["daphne", "--fd", "3", "asgi:application"]),
    Recipe::new(
        "twisted_as_under_systemd",
        &["daphne", "--endpoint", "systemd:domain=INET:index=0", "asgi:application"],
    ),
    Recipe::new("waitress", &["python", "-c", WAITRESS]).status(BY_TERM),
    Recipe::new("cheroot", &["python", "cheroot_server.py", "{port}"]),
    Recipe::new(
        "uwsgi",
        &[
            "pyuwsgi",
            "--master",
            "--die-on-term",
            "--processes=2",
            "--http-socket=fd://3",
            "--wsgi-file=app.py",
        ],
    ),
    Recipe::new("node", &["node", "server.js", "fd://3"]).of("node"),
    Recipe::new("node_cluster", &["node", "cluster.js", "fd://3"]).of("node"),
    Recipe::new("go", &["go-server", "fd://3"]).of("go"),
    Recipe::new("puma", &["puma", "--config", "puma.rb", "config.ru"])
        .of("puma")
        .environment(&[("PORT", "{port}")])
        .status(BY_TERM),
    Recipe::new("unicorn", &["unicorn", "--config-file=unicorn.rb", "--no-default-middleware", "config.ru"])
        .of("unicorn")
        .environment(&[("PORT", "{port}")])
        .stopped_by_quit(),
    Recipe::new("nginx", NGINX).of("nginx").environment(&[("NGINX", "3;")]).stopped_by_quit(),
];
