//! The command lines of a cell: lameduck's options, and the server behind it.
use crate::cells::{Capture, Cell, Kind};
use crate::support::container::{LAMEDUCK, root};

/// What stands on the command lines.
#[derive(Debug)]
pub struct Words {
    options: Vec<String>,
    server: Vec<String>,
}

impl Words {
    pub fn of(cell: Cell, port: u16) -> Self {
        let address = format!("127.0.0.1:{port}");
        let options: &[&str] = match cell.capture {
            Capture::Auto => &[],
            Capture::Listen => &["--listen", &address],
            Capture::Bind => &["--capture", "bind"],
            Capture::None => &["--capture", "none"],
        };
        let python = root::python_program().to_string_lossy().into_owned();
        let at = if cell.capture == Capture::Listen { vec![] } else { vec!["--bind", &address] };
        let gunicorn = |class: &[&str]| {
            let fixed = ["-m", "gunicorn", "--no-control-socket", "--workers", "2"];
            [&[&*python], &fixed[..], &at, class, &["app:application"]]
                .concat()
                .iter()
                .map(ToString::to_string)
                .collect()
        };
        let server = match cell.server {
            Kind::Sync => gunicorn(&["--worker-class", "sync"]),
            Kind::Gthread => gunicorn(&["--worker-class", "gthread", "--threads", "4"]),
            Kind::Waitress => {
                let fixed = [&*python, "-m", "waitress", "--threads", "8", "--listen", &address];
                [&fixed[..], &["app:application"]].concat().iter().map(ToString::to_string).collect()
            }
            Kind::BuiltIn => {
                let fixed = [LAMEDUCK, "trial-server", "--bind", &address];
                fixed.iter().map(ToString::to_string).collect()
            }
        };
        Self { options: options.iter().map(ToString::to_string).collect(), server }
    }

    /// `run`, with the server behind it.
    pub fn run(&self) -> Vec<&str> {
        let options = self.options.iter().map(String::as_str);
        let server = self.server.iter().map(String::as_str);
        ["run"].into_iter().chain(options).chain(["--"]).chain(server).collect()
    }

    /// `doctor`, with the same options.
    pub fn doctor(&self) -> Vec<&str> {
        let options = self.options.iter().map(String::as_str);
        ["doctor", "--json"].into_iter().chain(options).collect()
    }
}
