use std::sync::LazyLock;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use space::{AddressSet, Set};

/// The address space of the virtual network, of what is peered with or routed to it: never known from a group alone.
pub const VIRTUAL_NETWORK: &str = "VirtualNetwork";
/// What lies outside [`VIRTUAL_NETWORK`] and is reachable by the public internet.
pub const INTERNET: &str = "Internet";
/// The load balancer of the infrastructure, from which health probes come.
pub const AZURE_LOAD_BALANCER: &str = "AzureLoadBalancer";

/// The address of the host, behind which [`AZURE_LOAD_BALANCER`] is in every region ("Virtual network service tags").
pub const HOST_ADDRESS: std::net::Ipv4Addr = std::net::Ipv4Addr::new(168, 63, 129, 16);

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
    AZURE_LOAD_BALANCER,
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
    INTERNET,
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
    VIRTUAL_NETWORK,
    "WindowsAdminCenter",
    "WindowsVirtualDesktop",
];

/// The one spelling of a service tag, for Azure compares them in any case: the name as Microsoft writes it, or in
/// lower case where it is not known; the region after the dot in lower case.
pub fn canonical(tag: &str) -> String {
    let (name, region) = tag.split_once('.').map_or((tag, None), |(name, region)| (name, Some(region)));
    // The spellings of the classic deployment model, which are still accepted.
    let classic = [("AZURE_LOADBALANCER", AZURE_LOAD_BALANCER), ("VIRTUAL_NETWORK", VIRTUAL_NETWORK)];
    let classic =
        classic.iter().find(|(classic, _)| name.eq_ignore_ascii_case(classic)).map(|(_, name)| *name);
    let known = || SPELLINGS.iter().find(|known| known.eq_ignore_ascii_case(name)).copied();
    let name = classic.or_else(known).map_or_else(|| name.to_ascii_lowercase(), str::to_owned);
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

/// Addresses that are in [`INTERNET`] for sure, as far as they are not in [`VIRTUAL_NETWORK`].
///
/// The blocks kept for documentation (RFC 5737, RFC 3849) count as public: in examples they stand for public
/// addresses, and on a network nothing has them.
pub static PUBLIC: LazyLock<AddressSet> = LazyLock::new(|| {
    let v4 = AddressSet::any_v4().subtract(&blocks(PRIVATE_V4)).subtract(&blocks(DOUBTFUL_V4));
    v4.union(&blocks(&[(GLOBAL_UNICAST.0, GLOBAL_UNICAST.1)]))
});

/// Addresses of which it is not known whether [`INTERNET`] has them: not reachable by the public internet as the
/// registries have it (RFC 6890), and not on any list that Microsoft publishes.
pub static DOUBTFUL: LazyLock<AddressSet> = LazyLock::new(|| {
    let v6 = AddressSet::any_v6().subtract(&blocks(&[GLOBAL_UNICAST])).subtract(&blocks(PRIVATE_V6));
    blocks(DOUBTFUL_V4).union(&v6)
});

/// RFC 4291, section 2.4.
const GLOBAL_UNICAST: (&str, u8) = ("2000::", 3);

/// This network (RFC 791), private (RFC 1918), shared (RFC 6598), loopback, link-local, multicast.
const PRIVATE_V4: &[(&str, u8)] = &[
    ("0.0.0.0", 8),
    ("10.0.0.0", 8),
    ("100.64.0.0", 10),
    ("127.0.0.0", 8),
    ("169.254.0.0", 16),
    ("172.16.0.0", 12),
    ("192.168.0.0", 16),
    ("224.0.0.0", 4),
];

/// Protocol assignments, benchmarking, reserved.
const DOUBTFUL_V4: &[(&str, u8)] = &[("192.0.0.0", 24), ("198.18.0.0", 15), ("240.0.0.0", 4)];

/// Unspecified and loopback, unique local, link-local and site-local, multicast.
const PRIVATE_V6: &[(&str, u8)] = &[("::", 127), ("fc00::", 7), ("fe80::", 9), ("ff00::", 8)];

fn blocks(blocks: &[(&str, u8)]) -> AddressSet {
    let nets = blocks.iter().filter_map(|(address, length)| match address.parse().ok()? {
        std::net::IpAddr::V4(address) => Ipv4Net::new(address, *length).ok().map(IpNet::V4),
        std::net::IpAddr::V6(address) => Ipv6Net::new(address, *length).ok().map(IpNet::V6),
    });
    let sets: Vec<AddressSet> = nets.map(AddressSet::from).collect();
    AddressSet::union_of(&sets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_have_one_spelling() {
        let cases = [
            ("virtualnetwork", "VirtualNetwork"),
            ("VIRTUAL_NETWORK", "VirtualNetwork"),
            ("AZURE_LOADBALANCER", "AzureLoadBalancer"),
            ("INTERNET", "Internet"),
            ("storage.WestEurope", "Storage.westeurope"),
            ("CorpNetSaw", "corpnetsaw"),
        ];
        for (tag, expected) in cases {
            assert_eq!(canonical(tag), expected);
        }
    }

    #[test]
    fn an_address_or_a_dns_name_is_no_tag() {
        for tag in ["Internet", "AzureCloud.westeurope", "CorpNetPublic", "AZURE_LOADBALANCER"] {
            assert!(has_form(tag), "{tag}");
        }
        for other in [
            "www.example.com",
            "10.0.0.300",
            "10.0.0.0/33",
            "",
            ".",
            "Storage.",
            "a b",
            "2001:db8::/129",
            "*",
        ] {
            assert!(!has_form(other), "{other}");
        }
    }

    #[test]
    fn the_parts_of_the_address_space_do_not_overlap() {
        assert!(!PUBLIC.overlaps(&DOUBTFUL));
        let has = |set: &AddressSet, address: &str| set.contains(address.parse().expect("an address"));
        for public in
            ["8.8.8.8", "52.96.0.1", "198.51.100.7", "2603:1006::1", "2001:db8::1", "172.15.255.255"]
        {
            assert!(has(&PUBLIC, public), "{public}");
        }
        for private in [
            "10.1.2.3",
            "172.31.0.1",
            "100.64.0.1",
            "169.254.169.254",
            "224.0.0.1",
            "fd00::1",
            "fe80::1",
            "::1",
        ] {
            assert!(!has(&PUBLIC, private) && !has(&DOUBTFUL, private), "{private}");
        }
        for doubtful in ["198.18.0.1", "192.0.0.8", "255.255.255.254", "64:ff9b::1"] {
            assert!(has(&DOUBTFUL, doubtful), "{doubtful}");
        }
    }
}
