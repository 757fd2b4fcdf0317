//! The kinds of servers that people run, each with the paths of `tests/servers/app.py` and room for 40 clients at once.
pub mod compiled;

use super::ports::free_port;
use super::python;
use super::server::{Builder, Server};
use std::process::Command;

/// A kind of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// gunicorn's default worker: one request at a time, and none is kept alive.
    Sync,
    /// gunicorn with threads.
    Gthread,
    /// gunicorn with greenlets.
    Gevent,
    /// gunicorn with workers that are uvicorn, on uvloop and httptools.
    UvicornWorker,
    /// uvicorn, on asyncio and h11.
    Uvicorn,
    /// hypercorn, on asyncio.
    Hypercorn,
    /// waitress, with threads.
    Waitress,
    /// granian, with ASGI.
    Granian,
    /// node's http module, with `server.close()` at TERM.
    Node,
    /// Go's net/http, with `Shutdown` at TERM.
    Go,
    /// The JDK's HTTP server, with `stop()` in a shutdown hook.
    Java,
}

impl Kind {
    /// Each of them.
    pub const ALL: [Self; 11] = [
        Self::Sync,
        Self::Gthread,
        Self::Gevent,
        Self::UvicornWorker,
        Self::Uvicorn,
        Self::Hypercorn,
        Self::Waitress,
        Self::Granian,
        Self::Node,
        Self::Go,
        Self::Java,
    ];

    /// Its name, as a part of a test's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Gthread => "gthread",
            Self::Gevent => "gevent",
            Self::UvicornWorker => "uvicorn_worker",
            Self::Uvicorn => "uvicorn",
            Self::Hypercorn => "hypercorn",
            Self::Waitress => "waitress",
            Self::Granian => "granian",
            Self::Node => "node",
            Self::Go => "go",
            Self::Java => "java",
        }
    }

    /// Whether it can be had here. Python's servers always can: the tests install them.
    ///
    /// # Errors
    /// With the program that is missing.
    pub fn needs(self) -> Result<(), String> {
        let (program, version) = match self {
            Self::Node => ("node", "--version"),
            Self::Go => ("go", "version"),
            Self::Java => ("javac", "-version"),
            _ => return Ok(()),
        };
        let works = Command::new(program).arg(version).output().is_ok_and(|output| output.status.success());
        works
            .then_some(())
            .ok_or_else(|| format!("{program} is not on PATH: install it to test with this server"))
    }

    /// Whether it answers more than one request on a connection.
    pub fn keeps_alive(self) -> bool {
        self != Self::Sync
    }

    /// Whether it has `/ws`, a WebSocket.
    pub const fn has_websocket(self) -> bool {
        matches!(self, Self::UvicornWorker | Self::Uvicorn | Self::Hypercorn | Self::Granian)
    }

    /// Whether an answer of no stated length to HTTP/1.0 ends by the close. uvicorn with httptools sends chunks.
    pub fn ends_by_the_close(self) -> bool {
        self != Self::UvicornWorker
    }

    /// What lameduck exits with when this server was stopped by TERM.
    pub const fn status(self) -> i32 {
        match self {
            // waitress has no handler, uvicorn raises the signal again after its stop, and so does the JVM.
            Self::Waitress | Self::Uvicorn | Self::Java => 128 + libc::SIGTERM,
            _ => 0,
        }
    }

    /// The server on a free port of the loopback interface, started plainly.
    pub fn builder(self) -> Builder {
        let port = free_port();
        let number = port.to_string();
        let bind = format!("127.0.0.1:{port}");
        let python = |program: &str, args: &[&str]| {
            Builder::new(port, python::program(program), args).env("PYTHONPATH", python::SERVERS)
        };
        match self {
            Self::Sync => Server::gunicorn("sync", &["--workers", "8"]),
            Self::Gthread => Server::gunicorn("gthread", &["--workers", "2", "--threads", "64"]),
            Self::Gevent => Server::gunicorn("gevent", &["--workers", "2"]),
            Self::UvicornWorker => {
                let class = ["--worker-class", "uvicorn_worker.UvicornWorker", "--workers", "2"];
                python("gunicorn", &[&class[..], &["--bind", &bind, "asgi:application"]].concat())
            }
            Self::Uvicorn => {
                let parts = ["--loop", "asyncio", "--http", "h11", "--ws", "wsproto", "--no-access-log"];
                let args = ["--host", "127.0.0.1", "--port", &number, "asgi:application"];
                python("uvicorn", &[&parts[..], &args].concat())
            }
            Self::Hypercorn => python("hypercorn", &["--bind", &bind, "asgi:application"]),
            Self::Waitress => {
                python("waitress-serve", &["--listen", &bind, "--threads", "64", "app:application"])
            }
            Self::Granian => {
                let args =
                    ["--interface", "asgi", "--host", "127.0.0.1", "--port", &number, "asgi:application"];
                python("granian", &args)
            }
            Self::Node => Builder::new(port, "node", [&format!("{}/server.js", python::SERVERS), &number]),
            Self::Go => Builder::new(port, compiled::go_server(), [&number]),
            Self::Java => {
                let classes = compiled::java_classes().to_string_lossy().into_owned();
                // Its answers are two writes; without this they wait for a delayed acknowledgement.
                let at_once = "-Dsun.net.httpserver.nodelay=true";
                Builder::new(port, "java", [at_once, "-cp", &classes, "TestServer", &number])
            }
        }
    }
}
