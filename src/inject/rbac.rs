//! What lets lameduck ask the API server whether the pod is withdrawn: a Role and its binding for each service account
//! (docs/kubernetes.md), as documents behind all others.
use super::manifest::Input;
use super::place::Text;
use super::record::{ANNOTATION, own};
use super::tree::Node;
use super::value::{Layout, Value, map, texts};
use std::collections::BTreeMap;
use std::ops::Range;

/// The service accounts that need it, by namespace and name, and whether pods may be read.
pub type Accounts = BTreeMap<(Option<String>, String), bool>;

/// The documents, to be put behind the text.
pub fn behind(text: &str, json: bool, eol: &str, accounts: &Accounts) -> String {
    let layout = Layout { eol, dash: 0 };
    let mut all = String::new();
    for ((namespace, account), reads_pods) in accounts {
        for object in
            [role(namespace.as_deref(), account, *reads_pods), binding(namespace.as_deref(), account)]
        {
            let written = if json { object.json() } else { format!("---{eol}{}", object.document(layout)) };
            all.push_str(&written);
            all.push_str(eol);
        }
    }
    // A text that ends in its last line ends so afterwards.
    if all.is_empty() || text.ends_with('\n') {
        return all;
    }
    format!("{eol}{}", all.trim_end())
}

fn metadata(namespace: Option<&str>, account: &str) -> Value {
    let mut entries = vec![("name".to_owned(), Value::from(format!("lameduck-{account}")))];
    entries.extend(namespace.map(|namespace| ("namespace".to_owned(), namespace.into())));
    entries.push(("annotations".to_owned(), own()));
    Value::Map(entries)
}

fn role(namespace: Option<&str>, account: &str, reads_pods: bool) -> Value {
    let rule = |group: &str, resource: &str, verbs: &[&str]| {
        map([("apiGroups", texts([group])), ("resources", texts([resource])), ("verbs", texts(verbs))])
    };
    let mut rules = vec![rule("discovery.k8s.io", "endpointslices", &["list", "watch"])];
    if reads_pods {
        rules.push(rule("", "pods", &["get"]));
    }
    map([
        ("apiVersion", "rbac.authorization.k8s.io/v1".into()),
        ("kind", "Role".into()),
        ("metadata", metadata(namespace, account)),
        ("rules", Value::List(rules)),
    ])
}

fn binding(namespace: Option<&str>, account: &str) -> Value {
    let mut subject = vec![("kind".to_owned(), "ServiceAccount".into()), ("name".to_owned(), account.into())];
    subject.extend(namespace.map(|namespace| ("namespace".to_owned(), namespace.into())));
    map([
        ("apiVersion", "rbac.authorization.k8s.io/v1".into()),
        ("kind", "RoleBinding".into()),
        ("metadata", metadata(namespace, account)),
        (
            "roleRef",
            map([
                ("apiGroup", "rbac.authorization.k8s.io".into()),
                ("kind", "Role".into()),
                ("name", format!("lameduck-{account}").into()),
            ]),
        ),
        ("subjects", Value::List(vec![Value::Map(subject)])),
    ])
}

/// Where the documents are that are lameduck's own, with what separates them from the ones before. `gone`: whether one of this
/// namespace and name is meant.
pub fn own_documents(
    text: &str,
    input: &Input,
    gone: impl Fn(Option<&str>, &str) -> bool,
) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (number, document) in input.documents.iter().enumerate() {
        let metadata = |key: &str| document.root.get("metadata").and_then(|metadata| metadata.get(key));
        let is_own =
            metadata("annotations").and_then(|all| all.get(ANNOTATION)).and_then(Node::text) == Some("whole");
        let name = metadata("name").and_then(Node::text).unwrap_or_default();
        if !is_own || !gone(metadata("namespace").and_then(Node::text), name) {
            continue;
        }
        let start = if input.json {
            document.range.start
        } else {
            text[..document.range.start].rfind("---").unwrap_or(document.range.start)
        };
        let next = input.documents.get(number + 1).map(|next| next.range.start);
        let end = match next {
            Some(next) if input.json => next,
            Some(next) => text[..next].rfind("---").unwrap_or(next),
            None => text.len(),
        };
        ranges.push(start..end);
    }
    // Without a last line's end before, there was none before ours.
    if let Some(last) = ranges.last().filter(|last| last.end == text.len() && !text.ends_with('\n')).cloned()
    {
        let mut first = last.start;
        while let Some(before) = ranges.iter().find(|range| range.end == first) {
            first = before.start;
        }
        // As `behind` has written it: a CR before another end of line than that is the text's own.
        let line = text[..first].strip_suffix('\n').map_or(first, |line| match Text(line).eol() {
            "\r\n" => line.strip_suffix('\r').unwrap_or(line).len(),
            _ => line.len(),
        });
        ranges.push(line..first);
    }
    ranges
}
