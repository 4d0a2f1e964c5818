{{- /* The values with those of Keptn's lifecycle operator over them, as YAML. Its image is Keptn's and counts for nothing here. */ -}}
{{- define "sluice.values" -}}
{{- $keptn := deepCopy (default dict .Values.lifecycleOperator) -}}
{{- $image := omit (default dict $keptn.image) "repository" "tag" -}}
{{- toYaml (mustMergeOverwrite (deepCopy .Values) (omit $keptn "image") (dict "image" $image)) -}}
{{- end -}}

{{- /* Labels of an object: root, and the object's own. What Services and Deployments select by cannot be changed. */ -}}
{{- define "sluice.labels" -}}
{{- $fixed := pick .own "app.kubernetes.io/name" "app.kubernetes.io/component" "sluice.keptn.sh/admission" -}}
{{- $release := dict
  "helm.sh/chart" (printf "%s-%s" .root.Chart.Name (.root.Chart.Version | replace "+" "_"))
  "app.kubernetes.io/instance" .root.Release.Name
  "app.kubernetes.io/managed-by" .root.Release.Service
  "app.kubernetes.io/version" .root.Chart.AppVersion -}}
{{- $labels := dict -}}
{{- range $key, $value := merge dict $fixed (default dict .root.Values.global.commonLabels) .own $release -}}
{{- $_ := set $labels $key (toString $value) -}}
{{- end -}}
{{- toYaml $labels -}}
{{- end -}}

{{- /* Annotations of an object: root, its Argo CD wave, whether its caBundle may be filled in, whether it is kept, its hook. */ -}}
{{- define "sluice.annotations" -}}
{{- $values := .root.Values -}}
{{- $all := dict -}}
{{- if and .hook (not (and (eq .hook "post-delete") $values.uninstall.now)) -}}
{{- $_ := set $all "helm.sh/hook" .hook -}}
{{- $_ := set $all "helm.sh/hook-weight" (default "-5" .weight) -}}
{{- $_ := set $all "helm.sh/hook-delete-policy" "before-hook-creation,hook-succeeded" -}}
{{- else if $values.argoCD.syncWaves -}}
{{- $_ := set $all "argocd.argoproj.io/sync-wave" .wave -}}
{{- end -}}
{{- if and .kept $values.crds.keep -}}
{{- $_ := set $all "helm.sh/resource-policy" "keep" -}}
{{- end -}}
{{- if .injected -}}
{{- if eq (include "sluice.certificateMode" .root) "certManager" -}}
{{- $_ := set $all "cert-manager.io/inject-ca-from" (printf "%s/%s" .root.Release.Namespace "sluice-webhooks") -}}
{{- end -}}
{{- $all = merge $all (default dict $values.global.caInjectionAnnotations) -}}
{{- end -}}
{{- $text := dict -}}
{{- range $key, $value := merge $all (default dict .own) (default dict $values.global.commonAnnotations) -}}
{{- $_ := set $text $key (toString $value) -}}
{{- end -}}
{{- with $text }}{{ toYaml . }}{{ end -}}
{{- end -}}

{{- /* Who makes the certificate. Keptn's switch for its own certificate operator counts as long as nothing else is said. */ -}}
{{- define "sluice.certificateMode" -}}
{{- $mode := .Values.certificates.mode -}}
{{- if and (eq $mode "process") (not .Values.global.certManagerEnabled) -}}provided{{- else -}}{{ $mode }}{{- end -}}
{{- end -}}

{{- define "sluice.certificateSecret" -}}
{{- $usual := eq (include "sluice.certificateMode" .) "process" | ternary "sluice-certificates" "keptn-certs" -}}
{{- default $usual .Values.certificates.secretName -}}
{{- end -}}

{{- define "sluice.caBundle" -}}
{{- $pem := .Values.certificates.caBundle -}}
{{- if and $pem (eq (include "sluice.certificateMode" .) "provided") -}}
caBundle: {{ b64enc $pem }}
{{- end -}}
{{- end -}}

{{- /* Whether lists of what is released are kept: something, or nothing. */ -}}
{{- define "sluice.backstop" -}}
{{- if eq .Values.webhook.mode "admissionPolicy" -}}
{{- if semverCompare "<1.36.0-0" .Capabilities.KubeVersion.Version -}}
{{- fail (printf "webhook.mode: admissionPolicy needs Kubernetes 1.36 (MutatingAdmissionPolicy), and this is %s: take webhook.mode: webhook, with backstop: true if Released versions are to start while no replica answers" .Capabilities.KubeVersion.Version) -}}
{{- end -}}
true
{{- else if .Values.backstop -}}
true
{{- end -}}
{{- end -}}

{{- define "sluice.ownFailurePolicy" -}}
{{- (include "sluice.values" . | fromYaml).failurePolicy -}}
{{- end -}}

{{- define "sluice.failurePolicy" -}}
{{- if include "sluice.backstop" . -}}Ignore{{- else -}}{{- include "sluice.ownFailurePolicy" . -}}{{- end -}}
{{- end -}}

{{- /* By name, whose Pods can be held at all. */ -}}
{{- define "sluice.namespaces" -}}
{{- $values := include "sluice.values" . | fromYaml -}}
{{- $never := list "kube-system" "kube-public" "kube-node-lease" .Release.Namespace -}}
{{- if not $values.allowedNamespaces -}}
{{- $never = concat $never (default list $values.deniedNamespaces) | uniq -}}
{{- end -}}
- key: kubernetes.io/metadata.name
  operator: NotIn
  values:
    {{- toYaml $never | nindent 4 }}
{{- with $values.allowedNamespaces }}
- key: kubernetes.io/metadata.name
  operator: In
  values:
    {{- toYaml . | nindent 4 }}
{{- end }}
{{- end -}}

{{- define "sluice.image" -}}
{{- $values := include "sluice.values" . | fromYaml -}}
{{- $image := $values.image -}}
{{- $registry := default .Values.global.imageRegistry $image.registry -}}
{{- $name := trimPrefix "/" (printf "%s/%s" (trimSuffix "/" (default "" $registry)) $image.repository) -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $name $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default .Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "sluice.pullPolicy" -}}
{{- $image := (include "sluice.values" . | fromYaml).image -}}
{{- $image.imagePullPolicy | default .Values.global.imagePullPolicy | default "IfNotPresent" -}}
{{- end -}}

{{- define "sluice.pullSecrets" -}}
{{- with .Values.global.imagePullSecrets }}
imagePullSecrets:
{{- range . }}
  {{- if kindIs "map" . }}
  - name: {{ .name }}
  {{- else }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* A security context; OpenShift chooses ids itself. */ -}}
{{- define "sluice.securityContext" -}}
{{- $context := .context -}}
{{- if .root.Values.global.openShift.enabled -}}
{{- $context = omit $context "runAsUser" "runAsGroup" "fsGroup" -}}
{{- end -}}
{{- toYaml $context -}}
{{- end -}}

{{- /* What is set and does nothing, one line each. */ -}}
{{- define "sluice.withoutEffect" -}}
{{- $lines := list -}}
{{- range include "sluice.deadValues" . | fromYamlArray -}}
{{- $keys := splitList "." .path -}}
{{- $place := $.Values -}}
{{- $found := true -}}
{{- range $key := $keys -}}
{{- if and $found (kindIs "map" $place) (hasKey $place $key) -}}
{{- $place = get $place $key -}}
{{- else if and $found (eq $key "*") (kindIs "map" $place) -}}
{{- else -}}
{{- $found = false -}}
{{- end -}}
{{- end -}}
{{- if not $found -}}
{{- else if eq (last $keys) "*" -}}
{{- $one := . -}}
{{- range $key, $_ := $place -}}
{{- if not (has $key (default list $one.but)) -}}
{{- $lines = append $lines (printf "%s.%s: %s" (trimSuffix ".*" $one.path) $key $one.why) -}}
{{- end -}}
{{- end -}}
{{- else if and .refused (not (empty $place)) -}}
{{- fail (printf "%s is a value of Keptn’s chart that this one does not have: %s" .path .why) -}}
{{- else if not (and (hasKey . "unlessIs") (eq (toString .unlessIs) (toString $place))) -}}
{{- $lines = append $lines (printf "%s: %s" .path .why) -}}
{{- end -}}
{{- end -}}
{{- range $key, $_ := .Values.global -}}
{{- if not (has $key (include "sluice.globalKeys" $ | fromYamlArray)) -}}
{{- $lines = append $lines (printf "global.%s: this chart has no such key (another chart of yours may)" $key) -}}
{{- end -}}
{{- end -}}
{{- toYaml $lines -}}
{{- end -}}
