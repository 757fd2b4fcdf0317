//! The charts of charts/ and of the tests, as a Helm renders them.
use super::helm::Helm;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A copy of the charts, each with the library in it, by the Helm that reads them.
#[derive(Debug)]
pub struct Charts {
    helm: Helm,
    home: TempDir,
}

impl Charts {
    /// A new one.
    ///
    /// # Panics
    /// When the library cannot be put into the charts that need it.
    pub fn new(helm: &Helm) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let home = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory under target/");
        for charts in ["charts", "tests/charts/fixtures"] {
            let from = root.join(charts).join(".");
            let copied = Command::new("cp").arg("-r").arg(from).arg(home.path()).status();
            assert!(copied.is_ok_and(|status| status.success()), "cp of {charts}");
        }
        let charts = Self { helm: helm.clone(), home };
        for chart in ["lameduck-web", "manifest", "after"] {
            let output = charts.helm(&["dependency", "update", &charts.path(chart)]);
            assert!(output.status.success(), "{chart}: {}", String::from_utf8_lossy(&output.stderr));
        }
        charts
    }

    /// Where a chart is.
    pub fn path(&self, chart: &str) -> String {
        self.home.path().join(chart).display().to_string()
    }

    /// A file with these values.
    pub fn values(&self, values: &Value) -> PathBuf {
        let file = self.home.path().join("values.json");
        std::fs::write(&file, values.to_string()).expect("a file under target/");
        file
    }

    /// A call of Helm, which has a limit of its own where it waits for a cluster.
    pub fn helm(&self, words: &[&str]) -> Output {
        self.helm.command(words).output().expect("Helm")
    }

    /// What a chart is with these values, as YAML, as release `web`. `more`: other options.
    ///
    /// # Errors
    /// With what Helm says where it does not render it.
    pub fn template(&self, chart: &str, values: &Value, more: &[&str]) -> Result<String, String> {
        let (path, values) = (self.path(chart), self.values(values).display().to_string());
        let output = self.helm(&[&["template", "web", &path, "--values", &values], more].concat());
        let [said, wrong] =
            [output.stdout, output.stderr].map(|text| String::from_utf8(text).expect("UTF-8"));
        if output.status.success() { Ok(said) } else { Err(wrong) }
    }

    /// The documents of YAML. Helm has a reader of it, and no other is needed.
    ///
    /// # Panics
    /// When it is none.
    pub fn documents(&self, yaml: &str) -> Vec<Value> {
        let lines = self.template("json", &json!({"text": yaml}), &[]).expect("the chart of the tests");
        let documents = lines.lines().filter(|line| line.starts_with('{'));
        documents.map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }
}

/// The document of this kind.
///
/// # Panics
/// When there is none.
pub fn of_kind<'a>(documents: &'a [Value], kind: &str) -> &'a Value {
    let found = documents.iter().find(|document| document["kind"] == kind);
    found.unwrap_or_else(|| panic!("no {kind}: {documents:#?}"))
}
