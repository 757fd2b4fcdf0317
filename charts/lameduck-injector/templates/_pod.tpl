{{/*
What a pod says, as variables of an admission policy: evaluated when they are used, and once. `lameduck inject` reads the same of a
manifest (src/inject/pod.rs). The argument: `root`, and `pod`, the expression of the pod or of a workload's template.
*/}}
{{- define "lameduck-injector.variables" -}}
- name: pod
  expression: {{ toJson .pod }}
- name: annotations
  expression: variables.pod.?metadata.?annotations.orValue(dyn({}))
- name: asked
  expression: variables.annotations[?'lameduck.dev/inject'].orValue('')
- name: mode
  expression: >-
    variables.asked != '' ? variables.asked : namespaceObject.metadata.?labels[?'lameduck.dev/inject'].orValue('')
# Injected already, by this or in the manifest; a static pod's mirror, which must stay as it is; one that ends by itself, unless it asks.
- name: concerned
  expression: >-
    variables.mode != 'off' && variables.mode != ''
    && !('lameduck.dev/injected' in variables.annotations)
    && !('kubernetes.io/config.mirror' in variables.annotations)
    && (variables.asked != '' || variables.pod.spec.?restartPolicy.orValue('Always') == 'Always')
- name: containers
  expression: variables.pod.spec.containers
- name: initContainers
  expression: variables.pod.spec.?initContainers.orValue([])
- name: name
  expression: >-
    'inject.lameduck.dev/container' in variables.annotations ? variables.annotations['inject.lameduck.dev/container']
    : variables.containers.size() == 1 ? variables.containers[0].name
    : variables.annotations[?'kubectl.kubernetes.io/default-container'].orValue('')
- name: at
  expression: variables.containers.map(c, c.name).indexOf(variables.name)
- name: container
  expression: 'variables.at < 0 ? dyn({}) : variables.containers[variables.at]'
- name: own
  expression: variables.container.?env.orValue([]).map(e, e.name)
- name: hooked
  expression: variables.container.?lifecycle.?preStop.hasValue()
- name: preStop
  expression: variables.container.?lifecycle.?preStop.orValue(dyn({}))
- name: chain
  expression: variables.annotations[?'inject.lameduck.dev/chain'].orValue('') == 'true'
- name: words
  expression: >-
    variables.annotations[?'inject.lameduck.dev/command'].orValue('').split(' ').filter(w, w != '')
# lameduck's variables: of the annotations lameduck.dev/OPTION, and of the chart's own those that no annotation has.
- name: given
  expression: >-
    variables.annotations.filter(k, k.startsWith('lameduck.dev/') && variables.annotations[k] != ''
      && !(k in ['lameduck.dev/inject', 'lameduck.dev/injected', 'lameduck.dev/annotations']))
    .map(k, {'name': 'LAMEDUCK_' + k.substring(13).replace('-', '_').upperAscii(), 'value': string(variables.annotations[k])})
    {{- range $name := keys .root.Values.env | sortAlpha }}
    + ({{ printf "lameduck.dev/%s" ($name | trimPrefix "LAMEDUCK_" | lower | replace "_" "-") | squote }} in variables.annotations ? [] : [{'name': '{{ $name }}', 'value': {{ get $.root.Values.env $name | toJson }}}])
    {{- end }}
- name: grace
  expression: variables.pod.spec.?terminationGracePeriodSeconds.orValue(30)
- name: ports
  expression: >-
    variables.given.exists(v, v.name == 'LAMEDUCK_PORT')
    ? variables.given.filter(v, v.name == 'LAMEDUCK_PORT')[0].value.split(',').map(p, p.trim())
    : variables.container.?ports.orValue([]).filter(p, p.?protocol.orValue('TCP') == 'TCP').map(p, string(p.containerPort))
# The port of the sidecar's address; 0: it is none.
- name: address
  expression: {{ include "lameduck-injector.said" (dict "name" "LAMEDUCK_HTTP" "default" "[::]:9180" "own" false) | toJson }}
- name: http
  expression: >-
    variables.address.matches(':[0-9]{1,5}$') ? int(variables.address.substring(variables.address.lastIndexOf(':') + 1)) : 0
# The API server makes the name of a Deployment's pod of this, later.
- name: token
  expression: >-
    (variables.given.filter(v, v.name == 'LAMEDUCK_TOKEN').map(v, v.value)
    + [variables.pod.?metadata.?name.orValue('') != '' ? variables.pod.metadata.name
      : variables.pod.?metadata.?generateName.orValue('').matches('..-$')
      ? variables.pod.metadata.generateName.substring(0, variables.pod.metadata.generateName.size() - 1) : 'lameduck'])[0]
{{- range list (list "timeout" "LAMEDUCK_TIMEOUT" "25s") (list "reserve" "LAMEDUCK_RESERVE" "5s") (list "lameDuck" "LAMEDUCK_LAME_DUCK" "0s") (list "propagation" "LAMEDUCK_PROPAGATION" "0s") }}
- name: {{ index . 0 }}
  expression: {{ include "lameduck-injector.said" (dict "name" (index . 1) "default" (index . 2) "own" true) | toJson }}
{{- end }}
# As durations. What is not written as one of Kubernetes' (1m30s, 500ms) is not judged.
- name: times
  expression: >-
    [variables.timeout, variables.reserve, variables.lameDuck,
      {'kube-proxy': '1500ms', 'ingress': '5s', 'dns': '30s', 'cloud-lb': '2m'}[?variables.propagation].orValue(variables.propagation)]
    .map(t, t.matches('^[0-9]{1,7}$') ? t + 's' : t)
    .map(t, t.matches('^([0-9]{1,7}(\\.[0-9]{1,7})?(h|m|s|ms))+$') ? duration(t) : duration('-1s'))
{{- end }}

{{/* What a variable of lameduck's says: the container's own where it counts, the given one, or the default. */}}
{{- define "lameduck-injector.said" -}}
({{ if .own }}(variables.mode == 'sidecar' ? [] : variables.container.?env.orValue([]).filter(e, e.name == '{{ .name }}').map(e, e.?value.orValue('{{ .default }}'))) + {{ end }}variables.given.filter(v, v.name == '{{ .name }}').map(v, v.value) + ['{{ .default }}'])[0]
{{- end }}
