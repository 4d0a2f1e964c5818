{{- /*
A Deployment: root, values (with Keptn's over them), name, component, replicas, resources, what it runs alone (`only`, may be
empty), and whether Services lead to it (`admission`).
*/ -}}
{{- define "sluice.deployment" -}}
{{- $root := .root -}}
{{- $values := .values -}}
{{- $names := dict "app.kubernetes.io/name" "sluice" "app.kubernetes.io/component" .component -}}
{{- $own := dict "app.kubernetes.io/part-of" "keptn" "app.kubernetes.io/name" "sluice" -}}
{{- $podLabels := merge dict $names $own (.admission | ternary (dict "sluice.keptn.sh/admission" "true") dict) (default dict $values.podLabels) -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "sluice.labels" (dict "root" $root "own" $own) | nindent 4 }}
  {{- with include "sluice.annotations" (dict "root" $root "wave" "0" "own" $values.annotations) }}
  annotations:
    {{- . | nindent 4 }}
  {{- end }}
spec:
  replicas: {{ .replicas }}
  selector:
    matchLabels:
      {{- toYaml $names | nindent 6 }}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0
  template:
    metadata:
      labels:
        {{- include "sluice.labels" (dict "root" $root "own" $podLabels) | nindent 8 }}
      {{- with $values.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      serviceAccountName: {{ .name }}
      {{- include "sluice.pullSecrets" $root | nindent 6 }}
      securityContext:
        {{- include "sluice.securityContext" (dict "root" $root "context" $values.podSecurityContext) | nindent 8 }}
      terminationGracePeriodSeconds: {{ include "sluice.gracePeriod" (int $values.drainSeconds) }}
      {{- if $values.hostNetwork }}
      hostNetwork: true
      dnsPolicy: ClusterFirstWithHostNet
      {{- end }}
      {{- with $values.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      {{- with $values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.affinity }}
      affinity:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      topologySpreadConstraints:
        {{- if $values.topologySpreadConstraints }}
        {{- toYaml $values.topologySpreadConstraints | nindent 8 }}
        {{- else }}
        {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
        - maxSkew: 1
          topologyKey: {{ . }}
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- toYaml $names | nindent 14 }}
        {{- end }}
        {{- end }}
      containers:
        - name: sluice
          image: {{ include "sluice.image" $root | quote }}
          imagePullPolicy: {{ include "sluice.pullPolicy" $root }}
          args:
            - run
            {{- with .only }}
            - --only
            - {{ . }}
            {{- end }}
            {{- with $values.extraArgs }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          env:
            {{- include "sluice.environment" (dict "root" $root "values" $values) | nindent 12 }}
          ports:
            {{- if .admission }}
            - name: webhooks
              containerPort: 9443
            {{- end }}
            {{- if .admission }}
            - name: probes
              containerPort: 8081
            {{- end }}
            - name: metrics
              containerPort: 2222
          {{- if .admission }}
          {{- with $values.startupProbe }}
          startupProbe:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          {{- with $values.livenessProbe }}
          livenessProbe:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          {{- with $values.readinessProbe }}
          readinessProbe:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          {{- else }}
          {{- /* Controllers alone serve no probes: that the process lives is seen by its port of metrics. */}}
          startupProbe:
            tcpSocket:
              port: metrics
            periodSeconds: 2
            failureThreshold: 60
          livenessProbe:
            tcpSocket:
              port: metrics
            periodSeconds: 20
          {{- end }}
          resources:
            {{- toYaml .resources | nindent 12 }}
          securityContext:
            {{- include "sluice.securityContext" (dict "root" $root "context" $values.containerSecurityContext) | nindent 12 }}
          {{- with include "sluice.mounts" (dict "root" $root "values" $values "admission" .admission) }}
          volumeMounts:
            {{- . | nindent 12 }}
          {{- end }}
      {{- with include "sluice.volumes" (dict "root" $root "values" $values "admission" .admission) }}
      volumes:
        {{- . | nindent 8 }}
      {{- end }}
{{- end -}}

{{- /* What the process is told by environment variables. */ -}}
{{- define "sluice.environment" -}}
{{- $values := .values -}}
- name: POD_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: SLUICE_PROBE_PORT
  value: "8081"
- name: KEPTN_DORA_METRICS_PORT
  value: "2222"
- name: SLUICE_DRAIN
  value: "{{ int $values.drainSeconds }}s"
{{- if include "sluice.backstop" .root }}
- name: SLUICE_BACKSTOP
  value: "true"
{{- end }}
{{- with $values.allowedNamespaces }}
- name: SLUICE_ALLOWED_NAMESPACES
  value: {{ join "," . | quote }}
{{- end }}
{{- with $values.deniedNamespaces }}
- name: SLUICE_DENIED_NAMESPACES
  value: {{ join "," . | quote }}
{{- end }}
{{- if ne $values.logLevel "info" }}
- name: SLUICE_LOG_LEVEL
  value: {{ $values.logLevel }}
{{- end }}
{{- if ne $values.logFormat "json" }}
- name: SLUICE_LOG_FORMAT
  value: {{ $values.logFormat }}
{{- end }}
{{- if not $values.promotionTasksEnabled }}
- name: PROMOTION_TASKS_ENABLED
  value: "false"
{{- end }}
{{- with $values.env.functionRunnerImage }}
- name: FUNCTION_RUNNER_IMAGE
  value: {{ . | quote }}
{{- end }}
{{- with $values.env.pythonRunnerImage }}
- name: PYTHON_RUNNER_IMAGE
  value: {{ . | quote }}
{{- end }}
{{- with $values.env.bashRunnerImage }}
- name: BASH_RUNNER_IMAGE
  value: {{ . | quote }}
{{- end }}
{{- if eq (include "sluice.certificateMode" .root) "process" }}
{{- with .root.Values.certificates.secretName }}
- name: SLUICE_CERTIFICATE_SECRET
  value: {{ . }}
{{- end }}
{{- else }}
- name: SLUICE_CERT_FILE
  value: /etc/sluice/certificate/tls.crt
- name: SLUICE_KEY_FILE
  value: /etc/sluice/certificate/tls.key
{{- end }}
{{- if $values.certificates.clientCA.secretName }}
- name: SLUICE_CLIENT_CA_FILE
  value: /etc/sluice/client-ca/ca.crt
{{- with $values.certificates.clientCA.allowedNames }}
- name: SLUICE_CLIENT_ALLOWED_NAMES
  value: {{ join "," . | quote }}
{{- end }}
{{- end }}
{{- with $values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "sluice.mounts" -}}
{{- $mounts := list -}}
{{- if and .admission (ne (include "sluice.certificateMode" .root) "process") -}}
{{- $mounts = append $mounts (dict "name" "certificate" "mountPath" "/etc/sluice/certificate" "readOnly" true) -}}
{{- end -}}
{{- if and .admission .values.certificates.clientCA.secretName -}}
{{- $mounts = append $mounts (dict "name" "client-ca" "mountPath" "/etc/sluice/client-ca" "readOnly" true) -}}
{{- end -}}
{{- with concat $mounts (default list .values.extraVolumeMounts) }}{{ toYaml . }}{{ end -}}
{{- end -}}

{{- define "sluice.volumes" -}}
{{- $certificates := .values.certificates -}}
{{- $volumes := list -}}
{{- if and .admission (ne (include "sluice.certificateMode" .root) "process") -}}
{{- $volumes = append $volumes (dict "name" "certificate" "secret" (dict "secretName" (include "sluice.certificateSecret" .root))) -}}
{{- end -}}
{{- if and .admission $certificates.clientCA.secretName -}}
{{- $volumes = append $volumes (dict "name" "client-ca" "secret" (dict "secretName" $certificates.clientCA.secretName)) -}}
{{- end -}}
{{- with concat $volumes (default list .values.extraVolumes) }}{{ toYaml . }}{{ end -}}
{{- end -}}

{{- /* The Pod of a Job that runs one command of the image: root, values, and its service account; `args` follow. */ -}}
{{- define "sluice.jobPod" -}}
{{- $root := .root -}}
{{- $values := .values -}}
serviceAccountName: {{ .account }}
{{- include "sluice.pullSecrets" $root }}
securityContext:
  {{- include "sluice.securityContext" (dict "root" $root "context" $values.podSecurityContext) | nindent 2 }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
containers:
  - name: sluice
    image: {{ include "sluice.image" $root | quote }}
    imagePullPolicy: {{ include "sluice.pullPolicy" $root }}
    resources:
      requests:
        cpu: 50m
        memory: 128Mi
      limits:
        memory: 384Mi
    securityContext:
      {{- include "sluice.securityContext" (dict "root" $root "context" $values.containerSecurityContext) | nindent 6 }}
{{- end -}}
