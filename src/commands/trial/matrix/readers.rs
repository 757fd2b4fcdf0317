//! What must hold of whatever matrix is given ([`crate::readers`]).
use super::file::File;
use std::collections::HashSet;

/// Servers have a command and a name of their own each; what cannot be read is refused with what is wrong.
///
/// # Panics
/// When it does not hold.
pub fn matrix(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match File::parse(text) {
        Ok(file) => {
            assert!(!file.servers.is_empty());
            assert!(file.servers.iter().all(|server| !server.command.0.is_empty()));
            let names: HashSet<&String> = file.servers.iter().map(|server| &server.name).collect();
            assert_eq!(names.len(), file.servers.len());
        }
        Err(why) => assert!(!why.trim().is_empty()),
    }
}
