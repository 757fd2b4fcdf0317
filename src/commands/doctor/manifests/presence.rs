//! Whether lameduck is in a pod, how it came there, and with which options.
use super::objects::{items, node, text};
use crate::cli::Said;
use crate::commands::doctor::promise::Way;
use crate::inject::manifest::Workload;
use crate::inject::pod::named;
use crate::inject::sleep::base;
use crate::inject::tree::{Kind, Node};

/// Where lameduck finds annotations by itself (src/cli/annotations).
const PODINFO: &str = "/etc/podinfo";
/// The prefix of those that are options.
const PREFIX: &str = "lameduck.dev/";

/// How lameduck is in a pod.
#[derive(Debug)]
pub enum Presence<'a> {
    /// Not at all, as far as can be seen.
    Absent,
    /// `lameduck run` starts the server of this container. Without words it does so by the image's ENTRYPOINT.
    Run { container: &'a Node, words: Option<Vec<String>> },
    /// `lameduck wait` is this container's preStop hook.
    Wait { container: &'a Node, words: Vec<String> },
    /// `lameduck sidecar` is in this container.
    Sidecar { container: &'a Node, words: Vec<String> },
}

impl<'a> Presence<'a> {
    /// In a container, or in one beside it.
    pub fn of(spec: &'a Node, container: &'a Node) -> Self {
        let words = words(container);
        if let Some(words) = behind(&words, "run") {
            return Self::Run { container, words: Some(words.to_vec()) };
        }
        let hook = items(container, &["lifecycle", "preStop", "exec", "command"]);
        let hook = in_script(&texts(hook));
        if let Some(words) = behind(&hook, "wait") {
            return Self::Wait { container, words: words.to_vec() };
        }
        let all = named(spec, "initContainers").chain(named(spec, "containers"));
        for (beside, _) in all.filter(|(beside, _)| !std::ptr::eq(*beside, container)) {
            let words = self::words(beside);
            let by_image =
                node(beside, &["command"]).is_none() && words.first().is_some_and(|word| word == "sidecar");
            let behind = if by_image { words.get(1..) } else { behind(&words, "sidecar") };
            if let Some(words) = behind {
                return Self::Sidecar { container: beside, words: words.to_vec() };
            }
        }
        // Nobody else reads such variables: the image's ENTRYPOINT is lameduck.
        let mut env = named(container, "env");
        if node(container, &["command"]).is_none() && env.any(|(_, name)| name.starts_with("LAMEDUCK_")) {
            return Self::Run { container, words: None };
        }
        Self::Absent
    }

    /// Whether it is there.
    pub fn is_there(&self) -> bool {
        !matches!(self, Self::Absent)
    }

    /// Which way that is.
    pub fn way(&self) -> Option<Way> {
        match self {
            Self::Absent => None,
            Self::Run { .. } => Some(Way::Run),
            Self::Wait { .. } => Some(Way::Wait),
            Self::Sidecar { .. } => Some(Way::Sidecar),
        }
    }

    /// The container that it is in.
    pub fn container(&self) -> Option<&'a Node> {
        match self {
            Self::Absent => None,
            Self::Run { container, .. } | Self::Wait { container, .. } | Self::Sidecar { container, .. } => {
                Some(container)
            }
        }
    }

    /// What it is told.
    pub fn said(&self, workload: &Workload) -> Said {
        let Some(container) = self.container() else {
            return Said { words: vec!["--".to_owned(), "server".to_owned()], ..Said::default() };
        };
        let words = match self {
            Self::Run { words: Some(words), .. } | Self::Wait { words, .. } | Self::Sidecar { words, .. } => {
                words.clone()
            }
            Self::Run { words: None, .. } => {
                let args = texts(items(container, &["args"]));
                let server = if args.is_empty() { vec!["server".to_owned()] } else { args };
                std::iter::once("--".to_owned()).chain(server).collect()
            }
            Self::Absent => Vec::new(),
        };
        let annotations = annotations(workload, container, &words);
        Said { words, annotations, variables: variables(container) }
    }
}

/// What lameduck reads: where a downward API volume is mounted at its default place, or it is told of another one.
fn annotations(workload: &Workload, container: &Node, words: &[String]) -> Vec<(String, String)> {
    let mut mounts = items(container, &["volumeMounts"]).iter();
    let are_there = mounts.any(|mount| text(mount, &["mountPath"]) == Some(PODINFO))
        || named(container, "env").any(|(_, name)| name == "LAMEDUCK_ANNOTATIONS")
        || words.iter().take_while(|word| *word != "--").any(|word| word.starts_with("--annotations"));
    match node(workload.template, &["metadata", "annotations"]) {
        Some(Node { kind: Kind::Map { entries, .. }, .. }) if are_there => entries
            .iter()
            .filter_map(|(key, value)| {
                Some((key.text()?.strip_prefix(PREFIX)?.to_owned(), value.text()?.to_owned()))
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Its variables; those that come from elsewhere, or are made of others, are not known here.
fn variables(container: &Node) -> Vec<(String, String)> {
    named(container, "env")
        .filter_map(|(entry, name)| Some((name.to_owned(), text(entry, &["value"])?.to_owned())))
        .filter(|(_, value)| !value.contains("$("))
        .collect()
}

/// A container's command and arguments.
pub fn words(container: &Node) -> Vec<String> {
    [texts(items(container, &["command"])), texts(items(container, &["args"]))].concat()
}

fn texts(list: &[Node]) -> Vec<String> {
    list.iter().filter_map(Node::text).map(str::to_owned).collect()
}

/// The words behind `lameduck VERB`, if these begin so.
fn behind<'w>(words: &'w [String], verb: &str) -> Option<&'w [String]> {
    match words {
        [program, second, rest @ ..] if base(program) == "lameduck" && second == verb => Some(rest),
        _ => None,
    }
}

/// The words of a script from lameduck to the end of its command, or all words where there is no script.
fn in_script(words: &[String]) -> Vec<String> {
    let Some(script) = super::entrypoint::script(words) else { return words.to_vec() };
    let commands = script.split([';', '&', '|', '\n']);
    let all = commands.filter_map(shlex::split);
    all.into_iter()
        .map(|words| words.into_iter().skip_while(|word| base(word) != "lameduck").collect::<Vec<_>>())
        .find(|words| !words.is_empty())
        .unwrap_or_default()
}
