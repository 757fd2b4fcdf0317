//! What is no manifest: a sentence each, and no text.
use super::*;
use crate::inject::LARGEST;

fn malformed(text: &str) -> String {
    let of = |result: Result<Outcome, Trouble>| match result {
        Err(Trouble::Malformed(sentences)) => sentences.join("\n"),
        other => panic!("{other:?}"),
    };
    let sentences = of(inject(text, &options(Mode::Hook)));
    assert_eq!(of(uninject(text)), sentences, "both read alike");
    sentences
}

#[test]
fn given_malformed_yaml_then_line_and_column_are_told() {
    insta::assert_snapshot!(malformed("a: b\nc: [d\ne: f\n"), @"line 3, column 2: illegal placement of ':' indicator");
    insta::assert_snapshot!(malformed("a:\n  b: c\n\td: e\n"), @"line 2, column 6: while scanning a plain scalar, found a tab");
    insta::assert_snapshot!(malformed("kind: Pod\n---\na: 'b\n"), @"line 3, column 4: while scanning a quoted scalar, found unexpected end of stream");
}

#[test]
fn given_malformed_json_then_line_and_column_are_told() {
    insta::assert_snapshot!(malformed("{\n  \"a\": [1, 2\n}\n"), @"line 3, column 1: while parsing a flow sequence, expected ',' or ']'");
}

#[test]
fn given_a_template_then_it_is_called_one() {
    insta::assert_snapshot!(malformed("metadata:\n  {{- include \"labels\" . | nindent 4 }}\n  name: a\n"), @r#"
    line 2, column 5: "-" is only valid inside a block
    there is a {{: this is a template and no manifest yet. Render it first, such as by `helm template`
    "#);
    let value = deployment(PLAIN).replace("web:1", "{{ .Values.image }}");
    insta::assert_snapshot!(refusal(&value, &options(Mode::Hook)), @"deployment/web: there is a {{: this is a template and no manifest yet. Render it first, such as by `helm template`");
}

#[test]
fn given_nothing_then_it_is_said() {
    insta::assert_snapshot!(malformed(""), @"the input is empty: give manifests");
    assert_eq!(malformed("\u{feff}\n \n"), malformed(""));
}

#[test]
fn given_more_than_the_bound_then_it_is_said_and_at_the_bound_it_is_read() {
    let text = deployment(PLAIN);
    let filled = |length: usize| format!("{text}#{}\n", "x".repeat(length - text.len() - 2));
    assert!(inject(&filled(LARGEST), &options(Mode::Hook)).is_ok());
    insta::assert_snapshot!(malformed(&filled(LARGEST + 1)), @"the input is longer than 16 MiB: give it in parts");
}

#[test]
fn given_collections_without_end_then_they_are_refused_and_the_stack_holds() {
    insta::assert_snapshot!(malformed(&"- ".repeat(100_000)), @"line 1, column 201: more than 100 collections in one another: no manifest is so deep");
    assert!(malformed(&"[".repeat(100_000)).contains("line 1"), "another reader's bound may come first");
}

#[test]
fn given_aliases_of_aliases_then_none_is_followed() {
    let bomb = (1..40)
        .fold("a0: &a0 x\n".to_owned(), |text, n| format!("{text}a{n}: &a{n} [*a{m}, *a{m}]\n", m = n - 1));
    let text = format!("apiVersion: v1\nkind: ConfigMap\ndata:\n{}---\n{}", indent(&bomb), deployment(PLAIN));
    assert_exact(&text, &options(Mode::Hook));
}

fn indent(text: &str) -> String {
    text.lines().flat_map(|line| ["  ", line, "\n"]).collect()
}

#[test]
fn given_an_object_without_a_kind_then_it_is_refused() {
    insta::assert_snapshot!(refusal("replicas: 2\nimage: web\n", &options(Mode::Hook)), @"line 1: an object of Kubernetes has an apiVersion and a kind; this has not both");
}

#[test]
fn given_an_api_version_that_is_not_known_then_it_is_refused() {
    let of = |version| refusal(&deployment(PLAIN).replace("apps/v1", version), &options(Mode::Hook));
    insta::assert_snapshot!(of("apps/v9"), @"deployment/web: the apiVersion apps/v9 is not known: give apps/v1");
    insta::assert_snapshot!(of("extensions/v1beta1"), @"deployment/web: the apiVersion extensions/v1beta1 is not known: give apps/v1");
}

#[test]
fn given_a_kind_of_another_group_or_none_of_ours_then_it_passes_untouched() {
    let other = deployment(PLAIN).replace("apps/v1", "example.org/v1");
    let job = deployment(PLAIN).replace("apps/v1", "batch/v1").replace("Deployment", "Job");
    let empty = "---\n# nothing\n---\n";
    let hook = "apiVersion: v1\nkind: Pod\nmetadata: {name: test, annotations: {helm.sh/hook: test}}\nspec: {containers: [{name: a}]}\n";
    let text = format!(
        "{empty}{hook}---\n{other}--- # a job\n{job}...\n---\napiVersion: v1\nkind: Secret\nstringData:   {{ a: 'b' }}\n"
    );
    let outcome = inject(&text, &options(Mode::Hook)).unwrap();
    assert_eq!(outcome.text, text);
    insta::assert_snapshot!(outcome.notes.join("\n"), @"
    pod/test: left alone: nobody is connected to a hook of Helm
    job/web: left alone: nobody is connected to a job that ends by itself
    there is no Deployment, StatefulSet, DaemonSet, ReplicaSet or Pod to inject into
    ");
}

#[test]
fn given_two_containers_of_one_name_or_a_key_twice_then_it_is_refused() {
    let twice = format!("{PLAIN}- name: web\n  image: other:1\n");
    insta::assert_snapshot!(refusal(&deployment(&twice), &options(Mode::Hook)), @"deployment/web: two containers are called web");
    let key = PLAIN.replace("  image: web:1", "  image: web:1\n  image: web:2");
    insta::assert_snapshot!(refusal(&deployment(&key), &options(Mode::Hook)), @r#"deployment/web: line 11: the key "image" is there twice"#);
}
