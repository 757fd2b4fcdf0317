//! However it is written, it is edited where it stands, and exactly undone.
use super::*;

const MANIFESTS: [&str; 5] = [
    include_str!("../../../tests/inject/manifests/django.yaml"),
    include_str!("../../../tests/inject/manifests/statefulset.yaml"),
    include_str!("../../../tests/inject/manifests/list.yaml"),
    include_str!("../../../tests/inject/manifests/deployment.json"),
    include_str!("../../../tests/inject/manifests/awkward.yaml"),
];

/// What these manifests need beside the mode.
fn fitting(mode: Mode, text: &str) -> Options {
    let queue = text.contains("name: queue").then(|| "queue".to_owned());
    Options { container: queue, chain: true, ports: vec![8000], ..options(mode) }
}

#[test]
fn given_manifests_as_there_are_then_all_that_is_lameducks_can_be_taken_away_exactly() {
    for text in MANIFESTS {
        for mode in MODES {
            if mode == Mode::Sidecar && text.contains("name: queue") {
                continue;
            }
            let options = fitting(mode, text);
            assert_exact(text, &options);
            assert_exact(text.trim_end(), &options);
            assert_exact(&text.replace('\n', "\r\n"), &options);
            assert_exact(&format!("\u{feff}{text}"), &options);
            assert_exact(&format!("# ä€😀\n{text}").replace("# ä€😀\n{", "{"), &options);
            if mode != Mode::Sidecar {
                assert_exact(text, &Options { mount: Mount::Image, ..options });
            }
        }
    }
}

#[test]
fn given_lines_that_end_in_crlf_then_new_ones_do_too() {
    let text = assert_exact(&deployment(PLAIN).replace('\n', "\r\n"), &options(Mode::Hook));
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
}

#[test]
fn given_json_then_it_is_json_afterwards() {
    for mode in MODES {
        let text = assert_exact(MANIFESTS[3], &fitting(mode, MANIFESTS[3]));
        serde_json::from_str::<serde_json::Value>(&text).unwrap();
    }
}

#[test]
fn given_a_list_of_volumes_in_an_annotation_then_it_gets_one_more() {
    for list in ["'scratch'", "scratch", "\"scratch\"", "a,b"] {
        let metadata = format!(
            "    metadata:\n      annotations:\n        cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes: {list} # mine\n    spec:\n"
        );
        let text = deployment(PLAIN).replace("    spec:\n", &metadata);
        let text = assert_exact(&text, &options(Mode::Hook));
        let quote = list.trim_matches(|c: char| c.is_ascii_alphanumeric() || c == ',').chars().next();
        let quote = quote.map(String::from).unwrap_or_default();
        let expected = format!("volumes: {quote}{},lameduck{quote} # mine\n", list.replace(['\'', '"'], ""));
        assert!(text.contains(&expected), "{expected} in {text}");
    }
}

#[test]
fn given_odd_places_then_additions_go_where_they_belong() {
    let commented = "
containers: # the server
- image: web:1 # x
  # the name
  name: web
  command: # y
  # the first word
  - gunicorn
  # the end of the command
  env: # none
  volumeMounts: []
# the end of the containers
volumes: [ ]
initContainers: [ # none
  ]
";
    insta::assert_snapshot!(assert_exact(&deployment(commented), &options(Mode::Entrypoint)));
}

#[test]
fn given_a_guaranteed_pod_then_it_stays_guaranteed() {
    let text = assert_exact(MANIFESTS[2], &options(Mode::Sidecar));
    assert!(text.contains("requests:\n              cpu: 200m\n              memory: 64Mi"), "{text}");
    assert!(
        text.contains("requests:\n          cpu: 10m\n          memory: 32Mi"),
        "the lone pod is not: {text}"
    );
}
