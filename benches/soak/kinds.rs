//! The servers that take turns: a worker class, a way to hold its listener, a gate.
use super::tests_support::server::{Builder, Server};
use std::path::Path;

/// One of them.
pub struct Kind {
    pub name: &'static str,
    /// What the log of its drain says of the gate.
    pub gate: &'static str,
    /// In this directory it may have a unix socket.
    make: fn(&Path) -> Builder,
}

/// All of them, in their order.
pub static KINDS: [Kind; 7] = [
    Kind { name: "sync", gate: "gate=divert", make: |_| Server::gunicorn("sync", SYNC).under_lameduck(&[]) },
    Kind {
        name: "gthread",
        gate: "gate=divert",
        make: |_| Server::gunicorn("gthread", THREADS).under_lameduck(&[]),
    },
    Kind {
        name: "sync, --reuse-port",
        gate: "gate=divert",
        make: |_| Server::gunicorn("sync", &["--workers", "2", "--reuse-port"]).under_lameduck(&[]),
    },
    Kind {
        name: "gthread, unix socket",
        gate: "gate=divert",
        make: |place| Server::gunicorn_at(&place.join("socket"), "gthread", THREADS).under_lameduck(&[]),
    },
    Kind {
        name: "gthread, --listen",
        gate: "gate=divert capture=listen",
        make: |_| Server::gunicorn_given_its_socket("gthread", THREADS, &[]),
    },
    Kind {
        name: "sync, --capture bind",
        gate: "gate=divert capture=bind",
        make: |_| Server::gunicorn("sync", SYNC).under_lameduck(&["--capture", "bind"]),
    },
    Kind {
        name: "sync, --gate refuse",
        gate: "gate=refuse",
        make: |_| Server::gunicorn("sync", SYNC).under_lameduck(&["--gate", "refuse"]),
    },
];

const SYNC: &[&str] = &["--workers", "2"];
const THREADS: &[&str] = &["--workers", "2", "--threads", "4"];

impl Kind {
    /// Ready to start; its files, if any, are in this directory.
    pub fn server(&self, place: &Path) -> Builder {
        let temporary = place.to_str().expect("a path in UTF-8");
        let report = super::report_file();
        (self.make)(place)
            .env("WORK_MS", "0")
            .env("TMPDIR", temporary)
            .env("LAMEDUCK_REPORT", report.to_str().expect("a path in UTF-8"))
    }
}
