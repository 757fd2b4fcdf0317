//! Taking it away again, after somebody else has been at it.
use super::*;

#[test]
fn given_what_was_added_beside_it_then_that_stays() {
    let text = deployment(PLAIN);
    let once = injected(&text, &options(Mode::Hook));
    let more =
        once.replacen("        env:\n", "        env:\n        - {name: MINE, value: \"1\"} # mine\n", 1);
    assert_ne!(more, once);
    let left = uninject(&more).unwrap().text;
    let mine = "        env:\n        - {name: MINE, value: \"1\"} # mine\n";
    assert_eq!(left, format!("{text}{mine}"));
}

#[test]
fn given_another_order_as_an_api_server_writes_it_then_it_is_taken_away_all_the_same() {
    let sorted = "
apiVersion: v1
kind: Pod
metadata:
  annotations:
    lameduck.dev/injected: '{\"mode\":\"hook\",\"added\":{\"/spec/containers/web/env\":[\"LAMEDUCK_DEADLINE\"],\"/spec/containers/web/lifecycle\":[\"preStop\"],\"/spec/volumes\":[\"lameduck\"]},\"made\":[\"/metadata/annotations\",\"/spec/containers/web/lifecycle\"]}'
  name: web
spec:
  containers:
  - lifecycle:
      preStop:
        exec:
          command:
          - /lameduck/lameduck
          - wait
    env:
    - name: LAMEDUCK_DEADLINE
      value: 30s
    - name: A
      value: b
    name: web
  volumes:
  - emptyDir: {}
    name: lameduck
  - emptyDir: {}
    name: mine
";
    insta::assert_snapshot!(uninject(sorted).unwrap().text, @"
    apiVersion: v1
    kind: Pod
    metadata:
      name: web
    spec:
      containers:
      - env:
        - name: A
          value: b
        name: web
      volumes:
      - emptyDir: {}
        name: mine
    ");
}

#[test]
fn given_a_command_that_was_changed_since_then_it_is_refused() {
    let once = injected(&deployment(PLAIN), &options(Mode::Entrypoint));
    let changed = once.replace(
        "/lameduck/lameduck, run, \"--\", gunicorn",
        "tini, /lameduck/lameduck, run, \"--\", gunicorn",
    );
    assert_ne!(changed, once);
    let Err(Trouble::Refused(why)) = uninject(&changed) else { panic!("not refused") };
    insta::assert_snapshot!(why.join("\n"), @"deployment/web: line 11: it no longer begins with /lameduck/lameduck run --: take lameduck away by hand");
    let gone = once.replace("/lameduck/lameduck, run, \"--\", gunicorn", "gunicorn");
    assert!(matches!(uninject(&gone), Err(Trouble::Refused(_))));
}

#[test]
fn given_other_options_then_they_replace_those_of_before() {
    let text = deployment(PLAIN);
    for before in MODES {
        for after in MODES {
            let other = Options { image: "registry.example/lameduck@sha256:0".to_owned(), ..options(after) };
            assert_eq!(injected(&injected(&text, &options(before)), &other), injected(&text, &other));
        }
    }
}

#[test]
fn given_nothing_to_take_away_then_the_text_is_the_same_and_it_is_said() {
    let outcome = uninject(&deployment(PLAIN)).unwrap();
    assert_eq!((outcome.text, outcome.changed), (deployment(PLAIN), Vec::new()));
    insta::assert_snapshot!(outcome.notes.join("\n"), @"lameduck is in none of these");
}

#[test]
fn given_an_annotation_that_cannot_be_read_then_it_is_said() {
    let text = deployment(PLAIN)
        .replace("    spec:\n", "    metadata: {annotations: {lameduck.dev/injected: what}}\n    spec:\n");
    insta::assert_snapshot!(refusal(&text, &options(Mode::Hook)), @"deployment/web: the annotation lameduck.dev/injected cannot be read (expected value at line 1 column 1): take it away by hand, with what lameduck has added");
}

#[test]
fn given_a_role_then_it_goes_too_whatever_the_texts_end() {
    let with_rbac = Options { with_rbac: true, ..options(Mode::Hook) };
    let text = deployment(PLAIN);
    let json = r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [{"name": "b"}]}}"#;
    for text in [
        &text,
        text.trim_end(),
        &format!("{text}---\n"),
        &format!("{text}# end\n"),
        json,
        &format!("{json}\n{json}\n"),
    ] {
        let once = assert_exact(text, &with_rbac);
        assert_eq!(once.matches("RoleBinding").count(), 1, "{once}");
    }
}

#[test]
fn given_several_service_accounts_then_each_has_a_role_of_its_own() {
    let of = |account: &str, namespace: &str| {
        deployment(&format!("serviceAccountName: {account}\n{}", &PLAIN[1..]))
            .replace("  name: web\nspec", &format!("  name: web\n  namespace: {namespace}\nspec"))
    };
    let text = [of("a", "one"), of("b", "one"), of("a", "two"), of("a", "one")].join("---\n");
    let reads = vec![("LAMEDUCK_OWN_POD".to_owned(), "read".to_owned())];
    let once = assert_exact(&text, &Options { with_rbac: true, env: reads, ..options(Mode::Hook) });
    assert_eq!(once.matches("kind: RoleBinding").count(), 3);
    assert_eq!(once.matches("resources: [pods]").count(), 3);
    assert!(!assert_exact(&text, &Options { with_rbac: true, ..options(Mode::Hook) }).contains("pods]"));
}
