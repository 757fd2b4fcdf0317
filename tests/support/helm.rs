//! Helm 3 and Helm 4, where they are: the user's own, or those that `tests/cluster/build --helm` compiles.
use super::trial::trial;
use libtest_mimic::Trial;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A Helm.
#[derive(Debug, Clone)]
pub struct Helm {
    /// Its major version.
    pub major: u8,
    program: PathBuf,
}

/// Both, or why one is not there.
pub fn helms() -> [Result<Helm, String>; 2] {
    [3, 4].map(Helm::find)
}

/// The same test by each Helm; by one that is not there it is ignored, with the reason. The names are `NAME_by_helm_3` and `_4`.
pub fn by_both(
    name: &str,
    needs: &Result<(), String>,
    test: impl Fn(&Helm) + Clone + Send + 'static,
) -> Vec<Trial> {
    let by = |(major, helm): (u8, Result<Helm, String>)| {
        let name = format!("{name}_by_helm_{major}");
        let test = test.clone();
        match needs.clone().and(helm) {
            Ok(helm) => trial(&name, &Ok(()), move || test(&helm)),
            Err(reason) => trial(&name, &Err(reason), || ()),
        }
    };
    [3, 4].into_iter().zip(helms()).map(by).collect()
}

impl Helm {
    /// That of a major version: `$HELM3` or `$HELM4`, else `helm3` or `helm4` in `PATH`, else what `tests/cluster/build` has made.
    ///
    /// # Errors
    /// With what to do, when there is none.
    pub fn find(major: u8) -> Result<Self, String> {
        let (variable, name) = (format!("HELM{major}"), format!("helm{major}"));
        let program = match std::env::var_os(&variable) {
            Some(program) => PathBuf::from(program),
            None => in_path(&name).or_else(|| built(&name)).ok_or_else(|| {
                format!(
                    "there is no Helm {major}: `tests/cluster/build --helm` makes it, {variable} names another"
                )
            })?,
        };
        let helm = Self { major, program };
        let version = helm.command(&["version", "--template", "{{.Version}}"]).output();
        let version = version.map_err(|error| format!("{}: {error}", helm.program.display()))?;
        let version = String::from_utf8_lossy(&version.stdout);
        if version.starts_with(&format!("v{major}.")) {
            return Ok(helm);
        }
        Err(format!("{} is no Helm {major}, it says {version:?}", helm.program.display()))
    }

    /// A call of it, with none of the user's repositories, plugins and settings.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HELM")) {
            command.env_remove(name);
        }
        let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("helm");
        for (name, directory) in
            [("HELM_CACHE_HOME", "cache"), ("HELM_CONFIG_HOME", "config"), ("HELM_DATA_HOME", "data")]
        {
            command.env(name, home.join(format!("{}-{directory}", self.major)));
        }
        command.args(words).stdin(Stdio::null());
        command
    }
}

fn in_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(|program| program.is_file())
}

/// What the scripts of tests/cluster have made; their `settings` know where.
fn built(name: &str) -> Option<PathBuf> {
    let settings = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cluster/settings");
    let script = ". \"$1\" && printf %s \"$helm_bin/$2\"";
    let output = Command::new("bash").args(["-c", script, "bash", settings, name]).output().ok()?;
    let program = PathBuf::from(String::from_utf8(output.stdout).ok()?);
    program.is_file().then_some(program)
}
