//! Services, Roles, autoscalers, volumes.
use super::*;

const ACCOUNT: &str = "serviceAccountName: web";

fn role(kind: &str, rules: &str, subject: &str) -> String {
    format!(
        "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {{name: reader}}\nrules: [{rules}]\n---\n\
         apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}Binding\nmetadata: {{name: reader}}\n\
         roleRef: {{kind: {kind}, name: reader}}\nsubjects: [{subject}]\n"
    )
}

#[test]
fn what_a_role_grants_is_seen_and_what_none_grants_is_told_with_the_rule() {
    let slices = "{apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [list, watch]}";
    let web = "{kind: ServiceAccount, name: web}";
    let plain = drained(ACCOUNT, "", "");
    for subject in ["list endpointslices", "watch endpointslices"] {
        is(
            &plain,
            subject,
            State::Weaker,
            &["web: no Role", "resources: [endpointslices]", "LAMEDUCK_WITHDRAWAL=off"],
        );
        is(&(plain.clone() + &role("Role", slices, web)), subject, State::Ok, &["granted by role/reader"]);
        is(
            &(plain.clone()
                + &role("ClusterRole", "{apiGroups: ['*'], resources: ['*'], verbs: ['*']}", web)),
            subject,
            State::Ok,
            &[],
        );
        is(
            &(plain.clone() + &role("Role", slices, "{kind: Group, name: system:serviceaccounts}")),
            subject,
            State::Ok,
            &[],
        );
        is(
            &(plain.clone() + &role("Role", slices, "{kind: ServiceAccount, name: other}")),
            subject,
            State::Weaker,
            &[],
        );
        is(
            &(plain.clone() + &role("Role", &slices.replace("verbs", "resourceNames: [x], verbs"), web)),
            subject,
            State::Weaker,
            &[],
        );
        has_none(&drained(ACCOUNT, "", "{name: LAMEDUCK_WITHDRAWAL, value: 'off'}"), subject);
        has_none(&deployment(ACCOUNT, ""), subject);
    }
    let one = plain.clone() + &role("Role", &slices.replace("list, watch", "list"), web);
    is(&one, "watch endpointslices", State::Weaker, &["verbs: [watch]"]);
    let elsewhere = role("Role", slices, web)
        .replace("roleRef: {kind: Role, name: reader}", "roleRef: {kind: ClusterRole, name: view}");
    is(&(plain.clone() + &elsewhere), "list endpointslices", State::Ok, &["perhaps by clusterrole/view"]);
    is(
        &drained(ACCOUNT, "", "{name: LAMEDUCK_OWN_POD, value: read}"),
        "get pods",
        State::Weaker,
        &["LAMEDUCK_OWN_POD=leave"],
    );
    is(
        &drained(ACCOUNT, "", "{name: LAMEDUCK_EVENTS, value: 'on'}"),
        "create events",
        State::Weaker,
        &["LAMEDUCK_EVENTS=off"],
    );
    // With the endpoints' word the lame duck is shorter.
    is(&(plain + &role("Role", slices, web)), "grace period", State::Ok, &["1s 800ms until traffic"]);
}

#[test]
fn a_pod_without_a_token_asks_nobody() {
    let without = "automountServiceAccountToken: false";
    let account = format!("---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: web}}\n{without}\n");
    is(
        &drained(without, "", ""),
        "API server",
        State::Missing,
        &["the pod's automountServiceAccountToken is false"],
    );
    is(
        &(drained(ACCOUNT, "", "") + &account),
        "API server",
        State::Missing,
        &["web's automountServiceAccountToken"],
    );
    has_none(
        &(drained(&format!("{ACCOUNT}, automountServiceAccountToken: true"), "", "") + &account),
        "API server",
    );
    let projected = "volumes: [{name: t, projected: {sources: [{serviceAccountToken: {path: token}}]}}]";
    has_none(&drained(&format!("{without}, {projected}"), "", ""), "API server");
}

#[test]
fn a_service_that_offers_a_pod_to_its_end_is_told() {
    let of = |more: &str| {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: web{}}}\nspec: {{selector: {{app: web}}, {more}}}\n",
            more.len()
        )
    };
    let web = drained("", "", "");
    let (publishes, headless) =
        ("publishNotReadyAddresses: true", "clusterIP: None, publishNotReadyAddresses: true");
    is(
        &(web.clone() + &of(publishes)),
        "publishNotReadyAddresses",
        State::Weaker,
        &["kube-proxy sends", "publishNotReadyAddresses: false"],
    );
    is(
        &(web.clone() + &of(headless)),
        "publishNotReadyAddresses",
        State::Weaker,
        &["a Service of their own"],
    );
    is(&(web.clone() + &of(headless) + &of("")), "publishNotReadyAddresses", State::Ok, &[]);
    has_none(&(web.clone() + &of("")), "publishNotReadyAddresses");
    has_none(&(web + &of(publishes).replace("app: web", "app: other")), "publishNotReadyAddresses");
}

#[test]
fn an_autoscaler_without_requests_to_go_by_is_told() {
    let of = |metrics: &str| {
        format!(
            "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {{name: web}}\n\
             spec: {{scaleTargetRef: {{kind: Deployment, name: web}}, metrics: [{metrics}]}}\n"
        )
    };
    let resource = |name: &str| {
        of(&format!("{{type: Resource, resource: {{name: {name}, target: {{type: Utilization}}}}}}"))
    };
    let requests = "resources: {requests: {cpu: 1}}";
    is(
        &(drained("", "", "") + &resource("cpu")),
        "requests",
        State::Missing,
        &["container web requests none", "cpu"],
    );
    is(&(drained("", requests, "") + &resource("cpu")), "requests", State::Ok, &[]);
    is(&(drained("", requests, "") + &resource("memory")), "requests", State::Missing, &["memory"]);
    is(&(drained("", "resources: {limits: {cpu: 1}}", "") + &of("")), "requests", State::Ok, &[]);
    let sidecar = "initContainers: [{name: proxy, restartPolicy: Always}, {name: migrate}]";
    is(
        &(drained(sidecar, requests, "") + &resource("cpu")),
        "requests",
        State::Missing,
        &["container proxy"],
    );
    let only = of(
        "{type: ContainerResource, containerResource: {name: cpu, container: web, target: {type: Utilization}}}",
    );
    is(&(drained(sidecar, requests, "") + &only), "requests", State::Ok, &[]);
    is(
        &(drained("", "", "") + &resource("cpu").replace("Utilization", "AverageValue")),
        "requests",
        State::Ok,
        &[],
    );
    has_none(
        &(drained("", "", "") + &resource("cpu").replace("name: web}, metrics", "name: other}, metrics")),
        "requests",
    );
}

#[test]
fn an_empty_dir_that_keeps_nodes_is_told() {
    let volumes = "volumes: [{name: scratch, emptyDir: {}}, {name: shm, emptyDir: {medium: Memory}}]";
    let annotated = |key: &str, value: &str| {
        drained(volumes, "", "").replace(
            "metadata: {labels",
            &format!("metadata: {{annotations: {{cluster-autoscaler.kubernetes.io/{key}: {value}}}, labels"),
        )
    };
    is(
        &drained(volumes, "", ""),
        "emptyDir",
        State::Weaker,
        &["scratch: the cluster autoscaler", "local-volumes: scratch"],
    );
    is(
        &annotated("safe-to-evict-local-volumes", "scratch"),
        "emptyDir",
        State::Ok,
        &["--delete-emptydir-data"],
    );
    is(
        &annotated("safe-to-evict-local-volumes", "other"),
        "emptyDir",
        State::Weaker,
        &["local-volumes: other,scratch"],
    );
    is(&annotated("safe-to-evict", "'true'"), "emptyDir", State::Ok, &[]);
    has_none(&drained("", "", ""), "emptyDir");
    has_none(&drained(volumes, "", "").replace("kind: Deployment", "kind: DaemonSet"), "emptyDir");
}
