"""What the body of an instance may hold."""

from __future__ import annotations

from cynthus.testing.gcp.shapes import ANY, FLAG, MAP, NUMBER, TEXTS, fields

_DURATION = fields("seconds nanos", NUMBER)

DISKS = [
    fields(
        "type mode source deviceName interface diskType architecture savedState",
        boot=FLAG,
        autoDelete=FLAG,
        forceAttach=FLAG,
        index=NUMBER,
        diskSizeGb=NUMBER,
        licenses=TEXTS,
        guestOsFeatures=[fields("type")],
        diskEncryptionKey=ANY,
        shieldedInstanceInitialState=ANY,
        initializeParams=fields(
            "diskName diskType sourceImage sourceSnapshot description architecture onUpdateAction storagePool",
            diskSizeGb=NUMBER,
            labels=MAP,
            resourcePolicies=TEXTS,
            resourceManagerTags=MAP,
            provisionedIops=NUMBER,
            provisionedThroughput=NUMBER,
            enableConfidentialCompute=FLAG,
            sourceImageEncryptionKey=ANY,
            sourceSnapshotEncryptionKey=ANY,
            licenses=TEXTS,
            replicaZones=TEXTS,
        ),
    )
]

NICS = [
    fields(
        "network subnetwork networkIP name nicType stackType ipv6AccessType networkAttachment fingerprint vlan",
        queueCount=NUMBER,
        aliasIpRanges=ANY,
        ipv6AccessConfigs=ANY,
        internalIpv6PrefixLength=NUMBER,
        ipv6Address=ANY,
        igmpQuery=ANY,
        accessConfigs=[
            fields(
                "type name natIP networkTier publicPtrDomainName externalIpv6 securityPolicy",
                setPublicPtr=FLAG,
                externalIpv6PrefixLength=NUMBER,
            )
        ],
    )
]

SCHEDULING = fields(
    "onHostMaintenance provisioningModel instanceTerminationAction terminationTime locationHint",
    automaticRestart=FLAG,
    preemptible=FLAG,
    skipGuestOsShutdown=FLAG,
    nodeAffinities=ANY,
    minNodeCpus=NUMBER,
    availabilityDomain=NUMBER,
    hostErrorTimeoutSeconds=NUMBER,
    maxRunDuration=_DURATION,
    localSsdRecoveryTimeout=_DURATION,
    onInstanceStopAction={"discardLocalSsd": FLAG},
)

METADATA = fields("fingerprint kind", items=[fields("key value")])

ACCOUNTS = [fields("email", scopes=TEXTS)]

INSTANCE = fields(
    "name description machineType minCpuPlatform hostname privateIpv6GoogleAccess keyRevocationActionType zone",
    canIpForward=FLAG,
    deletionProtection=FLAG,
    labels=MAP,
    tags=fields("fingerprint", items=TEXTS),
    disks=DISKS,
    networkInterfaces=NICS,
    metadata=METADATA,
    scheduling=SCHEDULING,
    serviceAccounts=ACCOUNTS,
    guestAccelerators=[fields("acceleratorType", acceleratorCount=NUMBER)],
    resourcePolicies=TEXTS,
    shieldedInstanceConfig=fields("enableSecureBoot enableVtpm enableIntegrityMonitoring", FLAG),
    shieldedInstanceIntegrityPolicy={"updateAutoLearnPolicy": FLAG},
    confidentialInstanceConfig=ANY,
    advancedMachineFeatures=ANY,
    networkPerformanceConfig=ANY,
    displayDevice={"enableDisplay": FLAG},
    reservationAffinity=fields("consumeReservationType key", values=TEXTS),
    params={"resourceManagerTags": MAP, "requestValidForDuration": _DURATION},
    instanceEncryptionKey=ANY,
    workloadIdentityConfig=ANY,
    partnerMetadata=ANY,
)
