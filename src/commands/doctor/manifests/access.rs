//! What the pod's service account may ask the API server for: by the Roles among the manifests, or by the API server's own word.
use super::case::Case;
use super::objects::{has_text, is_same, items, name, node, text};
use crate::commands::doctor::cluster::{asks_for, subject};
use crate::commands::doctor::finding::Finding;
use crate::inject::tree::Node;
use crate::kubernetes::{Permission, Settings};

/// Whether something is granted.
#[derive(Debug, PartialEq, Eq)]
enum Grant {
    /// It is, by this.
    By(String),
    /// It is not, as far as can be seen here.
    NotSeen(String),
    /// It cannot be told, because of this.
    Untold(String),
}

/// A line for each thing that these options ask for. Of a pod without lameduck only what a Role would not mend, which comes with it.
pub fn findings(case: &Case) -> Vec<Finding> {
    let settings = case.options.kubernetes.all_settings();
    let asked = |permission: &Permission| asks_for(*permission, &settings).is_some();
    let asked: Vec<Permission> = Permission::ALL.into_iter().filter(asked).collect();
    if !asked.is_empty() && !has_token(case) {
        return vec![without_token(case, &settings)];
    }
    if !case.presence.is_there() {
        return Vec::new();
    }
    let account = case.pod.service_account();
    asked
        .into_iter()
        .map(|permission| {
            let subject = subject(permission);
            let (verb, group, resource) = permission.rule();
            match granted(case, permission) {
                Grant::By(seen) | Grant::Untold(seen) => Finding::ok(subject, seen),
                Grant::NotSeen(seen) => {
                    let group = if group.is_empty() { "\"\"" } else { group };
                    let rule = format!("{{apiGroups: [{group}], resources: [{resource}], verbs: [{verb}]}}");
                    let without = asks_for(permission, &settings).unwrap_or_default();
                    let without = variable(without);
                    let by = if permission == Permission::CreateEvents {
                        "grant it by a Role"
                    } else {
                        "`lameduck inject --with-rbac`, or grant it by a Role"
                    };
                    Finding::weaker(
                        subject,
                        format!("{account}: {seen}"),
                        format!("{by}, {rule}, or do not ask: {without}"),
                    )
                }
            }
        })
        .collect()
}

/// Whether it is granted, as far as can be seen.
pub fn has(case: &Case, permission: Permission) -> bool {
    has_token(case) && matches!(granted(case, permission), Grant::By(_))
}

/// Whether the withdrawal of the pod is seen at its stop.
pub fn sees_withdrawal(case: &Case) -> bool {
    let settings = case.options.kubernetes.all_settings();
    settings.withdrawal && has(case, Permission::ListSlices) && has(case, Permission::WatchSlices)
}

/// An option as its variable.
fn variable(option: &str) -> String {
    let (name, value) = option.trim_start_matches('-').split_once(' ').unwrap_or((option, ""));
    format!("LAMEDUCK_{}={value}", name.to_uppercase().replace('-', "_"))
}

/// Whether a token is mounted: the pod's word goes before its service account's; and a projected one is one, too.
fn has_token(case: &Case) -> bool {
    let projected = items(case.pod.spec, &["volumes"])
        .iter()
        .flat_map(|volume| items(volume, &["projected", "sources"]))
        .any(|source| node(source, &["serviceAccountToken"]).is_some());
    let of_pod = text(case.pod.spec, &["automountServiceAccountToken"]);
    let of_account = account(case).and_then(|account| text(account, &["automountServiceAccountToken"]));
    projected || of_pod.or(of_account) != Some("false")
}

fn account<'a>(case: &Case<'a>) -> Option<&'a Node> {
    let wanted = case.pod.service_account();
    case.objects
        .of_kind("ServiceAccount", case.pod.workload.namespace)
        .find(|account| name(account) == wanted)
}

fn without_token(case: &Case, settings: &Settings) -> Finding {
    let of_pod = text(case.pod.spec, &["automountServiceAccountToken"]) == Some("false");
    let whose = if of_pod { "the pod's".to_owned() } else { format!("{}'s", case.pod.service_account()) };
    let off =
        if settings.own_pod || settings.events { "" } else { ", or do not ask: LAMEDUCK_WITHDRAWAL=off" };
    Finding::missing(
        "API server",
        format!(
            "it cannot be asked: {whose} automountServiceAccountToken is false, and no token is projected"
        ),
        format!("let the pod have its service account's token (automountServiceAccountToken: true){off}"),
    )
}

fn granted(case: &Case, permission: Permission) -> Grant {
    match case.permissions.and_then(|all| all.get(&permission)) {
        Some(Ok(true)) => Grant::By("the service account may".to_owned()),
        Some(Ok(false)) => Grant::NotSeen("the service account may not".to_owned()),
        Some(Err(why)) => Grant::Untold(format!("not known: {why}")),
        None => by_roles(case, permission),
    }
}

fn by_roles(case: &Case, permission: Permission) -> Grant {
    let namespace = case.pod.workload.namespace;
    let of = |kind| case.objects.of_kind(kind, namespace);
    // ClusterRoleBindings have no namespace, and so are of every one.
    let bindings = of("RoleBinding").chain(of("ClusterRoleBinding"));
    let mut elsewhere = None;
    for binding in bindings.filter(|binding| is_bound(case, binding)) {
        let role = ["kind", "name"].map(|key| text(binding, &["roleRef", key]).unwrap_or("?"));
        let told = format!("{}/{}", role[0].to_lowercase(), role[1]);
        match of(role[0]).find(|known| name(known) == role[1]) {
            Some(known) if grants(known, permission) => return Grant::By(format!("granted by {told}")),
            Some(_) => {}
            None => elsewhere = Some(told),
        }
    }
    elsewhere.map_or_else(
        || Grant::NotSeen("no Role in these manifests grants it".to_owned()),
        |told| Grant::Untold(format!("perhaps by {told}, which is not in these manifests")),
    )
}

fn is_bound(case: &Case, binding: &Node) -> bool {
    let (account, namespace) = (case.pod.service_account(), case.pod.workload.namespace);
    items(binding, &["subjects"]).iter().any(|subject| {
        let of = |key| text(subject, &[key]).unwrap_or_default();
        match of("kind") {
            "ServiceAccount" => of("name") == account && is_same(text(subject, &["namespace"]), namespace),
            "Group" => match of("name").strip_prefix("system:serviceaccounts") {
                Some("") => true,
                Some(rest) => namespace.is_none_or(|namespace| rest.strip_prefix(':') == Some(namespace)),
                None => of("name") == "system:authenticated",
            },
            _ => false,
        }
    })
}

fn grants(role: &Node, permission: Permission) -> bool {
    let (verb, group, resource) = permission.rule();
    items(role, &["rules"]).iter().any(|rule| {
        let has = |key, wanted| has_text(items(rule, &[key]), wanted);
        // Lists and watches have no names, and a pod's is not known beforehand.
        has("verbs", verb)
            && has("apiGroups", group)
            && has("resources", resource)
            && items(rule, &["resourceNames"]).is_empty()
    })
}
