{{/*
What keeps lameduck out of a pod that asks for it, each as a sentence: what `lameduck inject` refuses (src/inject/checks.rs), and what
would have the API server refuse the pod.
*/}}
{{- define "lameduck-injector.reasons" -}}
- name: sleeps
  expression: >-
    'sleep' in variables.preStop || variables.preStop.?exec.?command.orValue([]).map(w, string(w)).join(' ')
    .matches('^((\\S*/)?(sh|bash|ash|dash) -c )?(\\S*/)?sleep( [0-9a-zA-Z.]+)*$')
- name: taken
  expression: >-
    (variables.containers + variables.initContainers).exists(c, c.name == 'lameduck' || c.name.startsWith('lameduck-install'))
    || variables.pod.spec.?volumes.orValue([]).exists(v, v.name == 'lameduck')
    || variables.container.?volumeMounts.orValue([]).exists(m, m.mountPath in ['/lameduck', '/lameduck/'])
- name: first
  expression: >-
    (variables.container.?command.orValue([])
    + (variables.words.size() == 0 ? variables.container.?args.orValue([]) : []) + [''])[0]
- name: reasons
  expression: |-
    !(variables.mode in ['hook', 'sidecar', 'entrypoint'])
    ? ['lameduck.dev/inject: ' + variables.mode + ' is none of hook, sidecar, entrypoint and off']
    : variables.name == '' ? ['it has the containers ' + variables.containers.map(c, c.name).join(', ')
      + ': name the server\'s with the annotation inject.lameduck.dev/container']
    : variables.at < 0 ? ['it has no container ' + variables.name]
    : {{ include "lameduck-injector.of-container" . | nindent 4 | trim }}
# As it is told: with what others wrote, and not at any length.
- name: reason
  expression: "variables.reasons.join('; ').size() > 1000 ? variables.reasons.join('; ').substring(0, 1000) : variables.reasons.join('; ')"
# All annotations may be 256 KiB (TotalAnnotationSizeLimitB, apimachinery/pkg/api/validation/objectmeta.go). What is added is less than 8.
- name: full
  expression: variables.annotations.map(k, bytes(k).size() + bytes(variables.annotations[k]).size()).sum() > 253952
{{- end }}

{{- define "lameduck-injector.of-container" -}}
(variables.pod.spec.?os.?name.orValue('') == 'windows'
  || variables.pod.spec.?nodeSelector[?'kubernetes.io/os'].orValue('') == 'windows'
  || variables.pod.spec.?securityContext.?windowsOptions.hasValue()
  || variables.container.?securityContext.?windowsOptions.hasValue()
  ? ['it is for Windows: lameduck runs on Linux'] : [])
+ (variables.first.matches('^(.*/)?lameduck$')
  ? ['container ' + variables.name + ' runs under lameduck already, by hand: take that away, or leave it so'] : [])
+ (variables.taken
  ? ['it has a container, a volume or a mount of the name lameduck already, by hand: take that away, or leave it so'] : [])
+ (variables.hooked && variables.sleeps
  ? ['the preStop hook only sleeps, which is what lameduck is there instead of: take it away'] : [])
+ (!variables.hooked || variables.sleeps || (variables.mode == 'entrypoint' && variables.chain) ? []
  : variables.mode == 'entrypoint'
  ? ['there is a preStop hook, which is over before lameduck hears of the stop: inject.lameduck.dev/chain: "true" keeps it so']
  : variables.mode == 'hook' && has(variables.preStop.exec)
  ? (variables.chain ? [] : ['there is a preStop hook: inject.lameduck.dev/chain: "true" lets it run when lameduck has drained the server (by sh, in the same image)'])
  : ['there is a preStop hook, a container has one only, and this one cannot be chained in mode ' + variables.mode + ': lameduck.dev/inject: entrypoint with inject.lameduck.dev/chain: "true" can'])
+ (variables.mode != 'entrypoint' ? []
  : variables.container.?command.orValue([]).size() == 0 && variables.words.size() == 0
  ? ['container ' + variables.name + ' has no command, and what its image runs is not known here: write it into the manifest, or into the annotation inject.lameduck.dev/command']
  : variables.container.?command.orValue([]).size() > 0 && variables.words.size() > 0
  ? ['container ' + variables.name + ' has a command of its own: leave inject.lameduck.dev/command out']
  : variables.words.exists(w, w.matches('["\'\\\\$`]'))
  ? ['inject.lameduck.dev/command is words with blanks between them, and knows no quotes: write the command into the manifest'] : [])
+ (variables.given.exists(v, v.name == 'LAMEDUCK_PORT') && variables.ports.exists(p, !p.matches('^[0-9]{1,5}$'))
  ? ['lameduck.dev/port: ' + variables.ports.join(',') + ' is no list of ports']
  : variables.mode != 'sidecar' ? []
  : variables.http < 1 || variables.http > 65535
  ? ['LAMEDUCK_HTTP=' + variables.address + ' is no address and port']
  : variables.ports.size() == 0
  ? ['container ' + variables.name + ' names no port: give the server\'s with the annotation lameduck.dev/port']
  : variables.ports.exists(p, int(p) == variables.http)
  ? ['port ' + string(variables.http) + ' is the sidecar\'s: give it another with the annotation lameduck.dev/http, such as "[::]:9181"']
  : variables.ports.size() > 1 && !variables.given.exists(v, v.name == 'LAMEDUCK_PORT')
  ? ['container ' + variables.name + ' has the ports ' + variables.ports.join(', ') + ': name the server\'s with the annotation lameduck.dev/port'] : [])
+ (variables.mode == 'sidecar' && variables.pod.spec.?hostNetwork.orValue(false)
  ? ['it is on the host\'s network (hostNetwork): the sidecar\'s port would be open on the node, to everybody. lameduck.dev/inject: hook or entrypoint have none'] : [])
+ (!(variables.annotations[?'inject.lameduck.dev/mesh'].orValue('istio') in ['istio', 'linkerd'])
  ? ['inject.lameduck.dev/mesh: ' + variables.annotations['inject.lameduck.dev/mesh'] + ' is neither istio nor linkerd'] : [])
+ [['LAMEDUCK_TIMEOUT', string(variables.timeout)], ['LAMEDUCK_RESERVE', string(variables.reserve)], ['LAMEDUCK_LAME_DUCK', string(variables.lameDuck)]]
  .filter(t, !t[1].matches('^[0-9.]')).map(t, t[0] + '=' + t[1] + ' is no duration, such as 500ms, 25s or 2m')
+ (variables.times[0] < duration('0s') || variables.times[1] < duration('0s') ? []
  : duration(string(variables.grace) + 's') < variables.times[0] + variables.times[1]
  ? ['terminationGracePeriodSeconds is ' + string(variables.grace) + ', less than LAMEDUCK_TIMEOUT (' + variables.timeout + ') and LAMEDUCK_RESERVE (' + variables.reserve
    + ') together: raise it, or lower them with the annotation lameduck.dev/timeout']
  : variables.times[2] >= variables.times[0] || variables.times[3] >= variables.times[0]
  ? ['the server goes on for ' + (variables.times[2] > variables.times[3] ? variables.lameDuck : variables.propagation) + ' (LAMEDUCK_PROPAGATION, LAMEDUCK_LAME_DUCK), and LAMEDUCK_TIMEOUT is '
    + variables.timeout + ': raise that, and the grace period'] : [])
{{- end }}
