//! Every confinement in which a server is tried, how lameduck is told to hold its listeners, and what has to follow.
use crate::support::container::confinement::{Confinement, Privileges, Proc, Profile, RESTRICTED, User};

/// A confinement, and what lameduck and the server are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    pub confinement: Confinement,
    pub capture: Capture,
    pub server: Kind,
}

/// What lameduck is told of capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capture {
    /// Nothing.
    Auto,
    /// `--listen`.
    Listen,
    /// `--capture bind`.
    Bind,
    /// `--capture none`.
    None,
}

/// What it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// gunicorn's default worker: none is kept alive.
    Sync,
    /// gunicorn with threads: it answers what comes on open connections for two seconds after TERM.
    Gthread,
    /// With threads, and no graceful stop.
    Waitress,
    /// The program under test itself: a root file system with nothing but its libraries.
    BuiltIn,
}

/// A graceful server finishes after TERM what it has.
const SHORT: &str = "2s";

/// What lameduck takes there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    pub capture: &'static str,
    pub gate: &'static str,
    pub parks: bool,
}

/// All of them.
pub fn all() -> Vec<Cell> {
    let cell = |confinement| Cell { confinement, capture: Capture::Auto, server: Kind::Gthread };
    let centre = cell(RESTRICTED);
    let rootless = cell(Confinement { user: User::Root, rootless: true, ..RESTRICTED });
    let mut cells = Vec::new();
    for user in [User::Nobody, User::Root] {
        for profile in [Profile::RuntimeDefault, Profile::Lameduck, Profile::Unconfined] {
            cells.push(cell(Confinement { user, profile, ..RESTRICTED }));
        }
        for profile in [Profile::RuntimeDefault, Profile::Unconfined] {
            cells.push(cell(Confinement { user, profile, privileges: Privileges::Default, ..RESTRICTED }));
        }
    }
    let default = Confinement { user: User::Root, privileges: Privileges::Default, ..RESTRICTED };
    for server in [Kind::Sync, Kind::Waitress, Kind::BuiltIn] {
        cells.push(Cell { server, ..centre });
    }
    let parked = Confinement { profile: Profile::Lameduck, ..RESTRICTED };
    cells.push(Cell { server: Kind::Waitress, ..cell(parked) });
    for capture in [Capture::Listen, Capture::None] {
        cells.push(Cell { capture, ..centre });
    }
    for proc in [Proc::HidePid, Proc::NetMasked] {
        cells.push(cell(Confinement { proc, ..RESTRICTED }));
    }
    for capture in [Capture::Listen, Capture::Bind] {
        cells.push(Cell { capture, ..cell(default) });
    }
    for profile in [Profile::RuntimeDefault, Profile::Lameduck, Profile::Unconfined] {
        cells.push(cell(Confinement { profile, ..rootless.confinement }));
    }
    cells.push(cell(Confinement { user: User::Nobody, ..rootless.confinement }));
    cells.push(Cell { server: Kind::Sync, ..rootless });
    cells.push(Cell { capture: Capture::Listen, ..rootless });
    cells
}

impl Cell {
    /// A test's name.
    pub fn name(self) -> String {
        let Confinement { user, profile, privileges, rootless, proc } = self.confinement;
        let capture = match self.capture {
            Capture::Auto => "",
            Capture::Listen => "_with_listen",
            Capture::Bind => "_with_capture_bind",
            Capture::None => "_with_capture_none",
        };
        let whose = if rootless { "rootless_" } else { "" };
        let proc = match proc {
            Proc::Shown => "",
            Proc::HidePid => "_with_hidepid",
            Proc::NetMasked => "_without_proc_net",
        };
        let words = format!("{user:?}_{profile:?}_{privileges:?}_{:?}", self.server).to_lowercase();
        format!("{whose}{words}{capture}{proc}")
    }

    /// Whether it is the one that Pod Security `restricted` asks for, which both runtimes are asked for at every run.
    pub fn is_central(self) -> bool {
        let Confinement { user, profile, privileges, proc, .. } = self.confinement;
        (user, profile, privileges, proc)
            == (RESTRICTED.user, RESTRICTED.profile, RESTRICTED.privileges, RESTRICTED.proc)
            && self.server != Kind::BuiltIn
    }

    /// What has to be taken: the strongest that is possible.
    pub fn taken(self) -> Taken {
        let parks = self.confinement.profile.permits_getfd();
        let (capture, gate) = match self.capture {
            Capture::Listen => ("listen", "divert"),
            Capture::Bind => ("bind", "divert"),
            Capture::Auto if parks => ("getfd", "divert"),
            // Where no_new_privs is not set it is not lameduck's to set, unless it is told to.
            Capture::Auto if self.confinement.privileges.are_final() => ("bind", "divert"),
            Capture::Auto | Capture::None => ("none", "none"),
        };
        Taken { capture, gate, parks }
    }

    /// How long the signal is held back at most. Where busy clients, or new ones that nothing keeps away, never let a drain end, it
    /// is short; a server that cuts off what it has at TERM must have done with the new ones by then, on any machine.
    pub fn timeout(self) -> &'static str {
        let Taken { gate, parks, .. } = self.taken();
        match self.server {
            _ if gate == "none" => SHORT,
            _ if parks || !self.keeps_alive() => "5m",
            Kind::Waitress => "12s",
            _ => SHORT,
        }
    }

    /// Whether clients keep their connections.
    pub fn keeps_alive(self) -> bool {
        matches!(self.server, Kind::Gthread | Kind::Waitress)
    }
}
