//! A wall clock that jumps in the middle, for one program and all that it starts: the machine's own is left alone.
use super::server::Builder;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/clock.c");
/// A day, seconds.
pub const DAY: i64 = 86_400;

/// One that has not jumped yet.
#[derive(Debug)]
pub struct Clock {
    library: PathBuf,
    moment: PathBuf,
    by: i64,
}

impl Clock {
    /// It will jump by so many seconds.
    ///
    /// # Panics
    /// When its library cannot be made, although [`Self::permitted`].
    pub fn new(by: i64) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("clock-{}-{count}", std::process::id());
        let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let (library, moment) = (place.join(format!("{name}.so")), place.join(name));
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(SOURCE);
        assert!(cc.status().expect("cc").success(), "{cc:?}");
        Self { library, moment, by }
    }

    /// Whether one can be made here.
    ///
    /// # Errors
    /// Without a C compiler.
    pub fn permitted() -> Result<(), String> {
        let cc = Command::new("cc").arg("--version").output();
        cc.map(drop).map_err(|error| format!("cc, for a clock that jumps: {error}"))
    }

    /// By which a program goes that is started with these variables.
    pub fn variables(&self) -> [(&'static str, String); 3] {
        let text = |path: &Path| path.to_str().expect("UTF-8").to_owned();
        [
            ("LD_PRELOAD", text(&self.library)),
            ("CLOCK_JUMPS_WHEN", text(&self.moment)),
            ("CLOCK_JUMPS_BY", self.by.to_string()),
        ]
    }

    /// A server, and its lameduck, that go by it.
    pub fn of(&self, server: Builder) -> Builder {
        self.variables().iter().fold(server, |server, (name, value)| server.env(name, value))
    }

    /// It jumps now.
    ///
    /// # Panics
    /// When the file that says so cannot be made.
    pub fn jump(&self) {
        fs::write(&self.moment, "").expect("a file under target/");
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        // The first is there since it was made, the second once it has jumped.
        let _ = fs::remove_file(&self.library);
        let _ = fs::remove_file(&self.moment);
    }
}
