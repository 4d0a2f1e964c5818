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
- {"path":"certManager.*","why":"Sluice makes its certificates itself: see certificates.mode","but":[]}
{{- end -}}
