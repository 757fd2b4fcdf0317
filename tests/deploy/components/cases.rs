//! The bases, and what is to be patched over each beside the component (docs/kustomize.md).

/// One base.
#[derive(Debug, Default, Clone, Copy)]
pub struct Case {
    pub name: &'static str,
    pub manifest: &'static str,
    /// In the base, before lameduck comes to it.
    pub base: &'static str,
    /// Behind the component, as docs/kustomize.md says: by the program's modes, and by `sidecar`.
    pub program: &'static str,
    pub sidecar: &'static str,
    /// `inject`'s options.
    pub options: &'static [&'static str],
}

pub const CASES: [Case; 3] = [
    Case {
        name: "django",
        manifest: "django.yaml",
        base: "",
        program: "",
        sidecar: "
- target: {kind: Deployment, name: release-name-shop}
  patch: |
    - {op: test, path: /spec/template/spec/initContainers/1/name, value: lameduck}
    - {op: add, path: /spec/template/spec/initContainers/1/securityContext/runAsUser, value: 1000}",
        options: &[],
    },
    Case {
        name: "statefulset",
        manifest: "statefulset.yaml",
        base: "
- target: {kind: StatefulSet}
  patch: |
    - {op: remove, path: /spec/template/spec/containers/0/lifecycle}
    - {op: remove, path: /spec/template/metadata/annotations}",
        program: "
- target: {kind: StatefulSet, name: queue}
  patch: |
    - {op: test, path: /spec/template/spec/containers/0/env/4/name, value: LAMEDUCK_DEADLINE}
    - {op: replace, path: /spec/template/spec/containers/0/env/4/value, value: 90s}",
        sidecar: "
- target: {kind: StatefulSet, name: queue}
  patch: |
    - {op: test, path: /spec/template/spec/initContainers/0/env/4/name, value: LAMEDUCK_DEADLINE}
    - {op: replace, path: /spec/template/spec/initContainers/0/env/4/value, value: 90s}
    - {op: replace, path: /spec/template/spec/initContainers/0/args/2, value: '6000'}",
        options: &["--container=queue"],
    },
    Case {
        name: "list",
        manifest: "list.yaml",
        base: "
- target: {kind: Deployment}
  patch: |
    - {op: remove, path: /spec/template/spec/containers/0/resources}",
        program: "",
        sidecar: "",
        options: &["--workload=deployment/web"],
    },
];
