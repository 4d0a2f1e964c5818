{{- /* Generated from src/generate/chart by "npm run generate". Do not edit. */ -}}

{{- /* In seconds, for a drain of so many: see src/process/stop-times.ts. */ -}}
{{- define "sluice.gracePeriod" -}}
{{- max 30 (add (max (add . 6) 19) 3 5) -}}
{{- end -}}

{{- define "sluice.globalKeys" -}}
["certManagerEnabled","imageRegistry","imagePullSecrets","imagePullPolicy","commonLabels","commonAnnotations","caInjectionAnnotations","openShift","certManager"]
{{- end -}}

{{- define "sluice.deadValues" -}}
- {"path":"commitID","why":"it only made Argo CD render again; Argo CD knows the revision itself"}
- {"path":"global.certManager.enabled","unlessIs":true,"why":"Keptn’s chart never read it either; the key is global.certManagerEnabled"}
- {"path":"certificateManager.enabled","unlessIs":true,"why":"Keptn’s chart never read it either; the key is global.certManagerEnabled"}
- {"path":"lifecycleOperator.enabled","unlessIs":true,"why":"Sluice is one process and measures metrics in it; to hold nothing, opt no Namespace in"}
- {"path":"lifecycleOperator.image.repository","why":"it names Keptn’s image; Sluice’s is image.repository"}
- {"path":"lifecycleOperator.image.tag","why":"it names a version of Keptn; Sluice’s is image.tag"}
- {"path":"lifecycleOperator.config","why":"it filled a ConfigMap that nothing read; flags of `sluice run` go to extraArgs"}
- {"path":"lifecycleOperator.webhookService","why":"the Service is always a ClusterIP with port 443"}
- {"path":"lifecycleOperator.operatorMetricsService","why":"the Service of the metrics is always a ClusterIP"}
- {"path":"lifecycleOperator.kubernetesClusterDomain","why":"nothing read it; Sluice needs no cluster domain"}
- {"path":"lifecycleOperator.env.keptnAppControllerLogLevel","why":"log lines of all controllers go by logLevel"}
- {"path":"lifecycleOperator.env.keptnAppCreationRequestControllerLogLevel","why":"log lines of all controllers go by logLevel"}
- {"path":"lifecycleOperator.env.keptnAppVersionControllerLogLevel","why":"log lines of all controllers go by logLevel"}
- {"path":"lifecycleOperator.env.keptnEvaluationControllerLogLevel","why":"log lines of all controllers go by logLevel"}
- {"path":"lifecycleOperator.env.keptnTaskControllerLogLevel","why":"log lines of all controllers go by logLevel"}
- {"path":"lifecycleOperator.env.keptnTaskDefinitionControllerLogLevel","why":"log lines of all controllers go by logLevel"}
- {"path":"lifecycleOperator.env.keptnWorkloadControllerLogLevel","why":"log lines of all controllers go by logLevel"}
- {"path":"lifecycleOperator.env.keptnWorkloadVersionControllerLogLevel","why":"log lines of all controllers go by logLevel"}
- {"path":"lifecycleOperator.env.optionsControllerLogLevel","why":"log lines of all controllers go by logLevel"}
- {"path":"lifecycleOperator.env.keptnDoraMetricsPort","unlessIs":"2222","why":"Keptn’s own Service and container port stayed 2222 whatever it said"}
- {"path":"metricsOperator.enabled","unlessIs":true,"why":"Sluice is one process and measures metrics in it: without KeptnMetrics it measures nothing"}
- {"path":"metricsOperator.*","why":"Sluice is one process and measures metrics in it; image, resources and the like are those of the chart","but":["enabled"]}
- {"path":"scheduler.*","why":"Keptn’s scheduler held the Pods then; scheduling gates of Kubernetes do now","but":[]}
- {"path":"schedulerConfig.*","why":"Keptn’s scheduler held the Pods then; scheduling gates of Kubernetes do now","but":[]}
- {"path":"keptnScheduler.*","why":"Keptn’s scheduler held the Pods then; scheduling gates of Kubernetes do now","but":[]}
- {"path":"keptnSchedulerConfig.*","why":"Keptn’s scheduler held the Pods then; scheduling gates of Kubernetes do now","but":[]}
- {"path":"schedulingGatesEnabled","unlessIs":true,"why":"Pods are always held by scheduling gates"}
- {"path":"lifecycleManagerConfig.*","why":"it configured a process that is no more; flags of `sluice run` go to extraArgs","but":[]}
- {"path":"lifecycleOperatorConfig.*","why":"it configured a process that is no more; flags of `sluice run` go to extraArgs","but":[]}
- {"path":"metricsManagerConfig.*","why":"it configured a process that is no more; flags of `sluice run` go to extraArgs","but":[]}
- {"path":"metricsOperatorConfig.*","why":"it configured a process that is no more; flags of `sluice run` go to extraArgs","but":[]}
- {"path":"lifecycleOperatorMetricsService.*","why":"the Services are always ClusterIPs, with the names and ports that Keptn’s had","but":[]}
- {"path":"lifecycleWebhookService.*","why":"the Services are always ClusterIPs, with the names and ports that Keptn’s had","but":[]}
- {"path":"metricsOperatorService.*","why":"the Services are always ClusterIPs, with the names and ports that Keptn’s had","but":[]}
- {"path":"metricsWebhookService.*","why":"the Services are always ClusterIPs, with the names and ports that Keptn’s had","but":[]}
- {"path":"certificateOperator.*","why":"Sluice makes its certificates itself: see certificates.mode","but":[]}
- {"path":"kubernetesClusterDomain","why":"nothing read it; Sluice needs no cluster domain"}
- {"path":"imagePullSecrets","refused":true,"why":"write it as global.imagePullSecrets, or no image is pulled"}
- {"path":"lifecycleOperator.manager","refused":true,"why":"what stood below it stands one level up since Keptn 0.9: lifecycleOperator.resources, lifecycleOperator.env and the like"}
- {"path":"lifecycleOperator.imagePullPolicy","why":"write it as lifecycleOperator.image.imagePullPolicy or global.imagePullPolicy"}
- {"path":"lifecycleOperator.env.otelCollectorUrl","why":"Keptn’s operator did not read it either; write spec.OTelCollectorUrl of the KeptnConfig in the namespace of Sluice"}
- {"path":"lifecycleOperator.env.keptnWorkloadInstanceControllerLogLevel","why":"log lines of all controllers go by logLevel"}
- {"path":"certManager.*","why":"Sluice makes its certificates itself: see certificates.mode","but":[]}
{{- end -}}
