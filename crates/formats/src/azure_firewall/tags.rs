/// Service tags as "Virtual network service tags" and the published address ranges spell them.
const SPELLINGS: &[&str] = &[
    "ActionGroup",
    "ApiManagement",
    "AppConfiguration",
    "AppService",
    "AppServiceManagement",
    "ApplicationInsightsAvailability",
    "AutonomousDevelopmentPlatform",
    "AzureActiveDirectory",
    "AzureActiveDirectoryDomainServices",
    "AzureAdvancedThreatProtection",
    "AzureArcInfrastructure",
    "AzureAttestation",
    "AzureBackup",
    "AzureBotService",
    "AzureCloud",
    "AzureCognitiveSearch",
    "AzureConnectors",
    "AzureContainerRegistry",
    "AzureCosmosDB",
    "AzureDataExplorerManagement",
    "AzureDataLake",
    "AzureDatabricks",
    "AzureDevOps",
    "AzureDevSpaces",
    "AzureDeviceUpdate",
    "AzureDigitalTwins",
    "AzureEventGrid",
    "AzureFrontDoor",
    "AzureHealthcareAPIs",
    "AzureInformationProtection",
    "AzureIoTHub",
    "AzureKeyVault",
    "AzureLoadBalancer",
    "AzureLoadTestingInstanceManagement",
    "AzureMachineLearning",
    "AzureMachineLearningInference",
    "AzureManagedGrafana",
    "AzureMonitor",
    "AzureMonitorForSAP",
    "AzureOpenDatasets",
    "AzurePlatformDNS",
    "AzurePlatformIMDS",
    "AzurePlatformLKM",
    "AzurePortal",
    "AzureResourceManager",
    "AzureSecurityCenter",
    "AzureSentinel",
    "AzureSignalR",
    "AzureSiteRecovery",
    "AzureSphere",
    "AzureSpringCloud",
    "AzureStack",
    "AzureTrafficManager",
    "AzureUpdateDelivery",
    "AzureWebPubSub",
    "BatchNodeManagement",
    "ChaosStudio",
    "CognitiveServicesFrontend",
    "CognitiveServicesManagement",
    "DataFactory",
    "DataFactoryManagement",
    "Dynamics365BusinessCentral",
    "Dynamics365ForMarketingEmail",
    "EOPExternalPublishedIPs",
    "EventHub",
    "GatewayManager",
    "Grafana",
    "GuestAndHybridManagement",
    "HDInsight",
    "Internet",
    "KustoAnalytics",
    "LogicApps",
    "LogicAppsManagement",
    "M365ManagementActivityApi",
    "M365ManagementActivityApiWebhook",
    "Marketplace",
    "MicrosoftAzureFluidRelay",
    "MicrosoftCloudAppSecurity",
    "MicrosoftContainerRegistry",
    "MicrosoftDefenderForEndpoint",
    "MicrosoftPurviewPolicyDistribution",
    "OneDsCollector",
    "PowerBI",
    "PowerPlatformInfra",
    "PowerPlatformPlex",
    "PowerQueryOnline",
    "SCCservice",
    "Scuba",
    "SecurityCopilot",
    "SerialConsole",
    "ServiceBus",
    "ServiceFabric",
    "Sql",
    "SqlManagement",
    "Storage",
    "StorageMover",
    "StorageSyncService",
    "VideoIndexer",
    "VirtualNetwork",
    "WindowsAdminCenter",
    "WindowsVirtualDesktop",
];

/// The one spelling of a service tag, for Azure compares them in any case: the name as Microsoft writes it, or in
/// lower case where it is not known; the region after the dot in lower case.
pub fn canonical(tag: &str) -> String {
    let (name, region) = tag.split_once('.').map_or((tag, None), |(name, region)| (name, Some(region)));
    let known = || SPELLINGS.iter().find(|known| known.eq_ignore_ascii_case(name)).copied();
    let name = known().map_or_else(|| name.to_ascii_lowercase(), str::to_owned);
    match region {
        Some(region) => format!("{name}.{}", region.to_ascii_lowercase()),
        None => name,
    }
}

/// Whether a text has the form of a service tag: `Storage`, `Storage.WestEurope`. A DNS name with more dots has not.
pub fn has_form(text: &str) -> bool {
    let mut labels = text.split('.');
    let first = labels.next().unwrap_or_default();
    let word = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    };
    first.starts_with(|first: char| first.is_ascii_alphabetic())
        && word(first)
        && labels.next().is_none_or(word)
        && labels.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_have_one_spelling() {
        for (tag, expected) in [
            ("azurecloud", "AzureCloud"),
            ("storage.WestEurope", "Storage.westeurope"),
            ("AZUREACTIVEDIRECTORY", "AzureActiveDirectory"),
            ("CorpNetSaw", "corpnetsaw"),
        ] {
            assert_eq!(canonical(tag), expected);
        }
    }

    #[test]
    fn an_address_or_a_dns_name_is_no_tag() {
        for tag in ["AzureCloud.westeurope", "CorpNetPublic", "Sql"] {
            assert!(has_form(tag), "{tag}");
        }
        for other in ["www.example.com", "10.0.0.300", "10.0.0.0/33", "", ".", "Storage.", "a b", "*"] {
            assert!(!has_form(other), "{other}");
        }
    }
}
