//! What must hold of whatever manifests `inject` is given ([`crate::readers`]).
use super::{Mode, Mount, Options, Trouble, inject, uninject};
use crate::readers::choice;

/// What was put into manifests is taken out again to the byte, and twice is once; what cannot be read is refused in sentences.
///
/// # Panics
/// When it does not hold.
pub fn manifests(bytes: &[u8]) {
    let (choice, bytes) = choice(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mode = [Mode::Entrypoint, Mode::Hook, Mode::Sidecar][usize::from(choice % 3)];
    let options = Options {
        mode,
        image: "registry.example/lameduck:1".to_owned(),
        pull_policy: None,
        mount: if choice & 0x40 == 0 { Mount::Copy } else { Mount::Image },
        workloads: Vec::new(),
        container: None,
        ports: vec![8000],
        command: vec!["gunicorn".to_owned()],
        chain: choice & 0x80 != 0,
        with_rbac: choice & 0x20 != 0,
        mesh: None,
        env: Vec::new(),
        requests: Vec::new(),
        limits: Vec::new(),
    };
    match inject(text, &options) {
        Ok(outcome) => {
            let again = inject(&outcome.text, &options).expect("what it has made itself");
            assert_eq!(again.text, outcome.text, "twice is not once");
            // What was there of an earlier time is gone.
            let before = uninject(text).expect("what it has read").text;
            assert_eq!(
                uninject(&outcome.text).expect("what was injected").text,
                before,
                "not the same text again"
            );
        }
        Err(Trouble::Malformed(why) | Trouble::Refused(why)) => {
            assert!(!why.is_empty() && why.iter().all(|sentence| !sentence.trim().is_empty()));
        }
    }
}
