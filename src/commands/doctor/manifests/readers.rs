//! What must hold of whatever manifests `doctor` is given ([`crate::readers`]).
use super::reading::Source;
use super::{Question, examine};
use crate::commands::doctor::finding::State;
use crate::commands::doctor::promise::Way;
use crate::inject::Trouble;

/// What can be read has its page, where what is not well has its advice; what cannot is refused in sentences.
///
/// # Panics
/// When it does not hold.
pub fn doctor_manifests(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let question = Question { workloads: Vec::new(), container: None, way: Way::Run, options: Vec::new() };
    match examine(&Source { text: text.to_owned(), ..Source::default() }, &question) {
        Ok((page, _)) => {
            for finding in page.workloads.iter().flat_map(|workload| &workload.findings) {
                assert_eq!(finding.advice.is_none(), finding.state == State::Ok, "{}", finding.seen);
            }
            assert_eq!(page.text().is_empty(), page.workloads.is_empty());
            assert!(serde_json::to_string(&page).is_ok());
        }
        Err(Trouble::Malformed(why) | Trouble::Refused(why)) => {
            assert!(!why.is_empty() && why.iter().all(|sentence| !sentence.trim().is_empty()));
        }
    }
}
