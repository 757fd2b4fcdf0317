//! Where manifests come from: a file, the standard input, the API server.
use super::case::Permissions;
use crate::cli::DoctorArgs;
use crate::commands::text;
use crate::inject::Trouble;
use crate::kubernetes::{Belongings, Unread, belongings};
use std::path::Path;

/// Manifests, and what is known besides.
#[derive(Debug, Default)]
pub struct Source {
    /// What they are called in complaints.
    pub name: String,
    /// The manifests.
    pub text: String,
    /// What the service account may do, where the API server was asked.
    pub permissions: Option<Permissions>,
    /// What could not be read beside them.
    pub notes: Vec<String>,
}

/// It, or why there is nothing to examine, and of what.
pub type Read = Result<Source, (String, Trouble)>;

impl Source {
    /// What is asked about.
    ///
    /// # Errors
    /// When files, streams or the API server fail, or the options contradict each other.
    pub fn of(args: &DoctorArgs) -> Result<Read, String> {
        if args.pid.is_some() {
            return Err("--pid names a process here, and manifests have none: leave it out".to_owned());
        }
        match (&args.filename, &args.objects[..]) {
            (Some(_), _) if args.namespace.is_some() => {
                Err("--namespace is for objects of the cluster: leave it or --filename out".to_owned())
            }
            (Some(file), _) => of_file(file),
            (None, [object]) => of_cluster(object, args),
            (None, _) => Err("one object of the cluster at a time, such as deployment/web".to_owned()),
        }
    }
}

fn of_file(file: &Path) -> Result<Read, String> {
    let name = file.display().to_string();
    Ok(match text::read(file)? {
        Some(text) => Ok(Source { name, text, ..Source::default() }),
        None => Err((name, Trouble::Malformed(vec![text::NO_TEXT.to_owned()]))),
    })
}

fn of_cluster(object: &str, args: &DoctorArgs) -> Result<Read, String> {
    let (kind, name) = object.split_once('/').unwrap_or((object, ""));
    let settings = args.hook.kubernetes.all_settings();
    match belongings(kind, name, args.namespace.as_deref(), &settings) {
        Ok(Belongings { text, permissions, notes }) => Ok(Ok(Source {
            name: object.to_owned(),
            text,
            permissions: Some(permissions.into_iter().collect()),
            notes,
        })),
        Err(Unread::NotThere(what)) => Ok(Err((object.to_owned(), Trouble::Refused(vec![what])))),
        Err(Unread::NotAsked(what)) => Err(format!("{object}: {what}")),
    }
}
