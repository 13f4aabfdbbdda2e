/// A property of a firewall rule, or of one of the filters that belong to it, that decides what it matches or does,
/// or by which an administrator finds it.
///
/// The last four decide nothing here, and are kept to make a rule again as it was: edge traversal and the mappings
/// widen a rule for traffic that comes through a NAT device or for further packets of a flow, and never keep a plain
/// first packet out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Property {
    Name,
    InstanceId,
    DisplayName,
    Description,
    Enabled,
    Profile,
    Direction,
    Action,
    Protocol,
    LocalPort,
    RemotePort,
    IcmpType,
    LocalAddress,
    RemoteAddress,
    RemoteDynamicKeywordAddresses,
    Program,
    Package,
    PackageFamilyName,
    Service,
    InterfaceAlias,
    InterfaceType,
    LocalUser,
    RemoteUser,
    RemoteMachine,
    Authentication,
    Encryption,
    OverrideBlockRules,
    Owner,
    Platform,
    DynamicTarget,
    PolicyStoreSource,
    PolicyStoreSourceType,
    PolicyAppId,
    NetworkName,
    SecurityRealm,
    Group,
    EdgeTraversalPolicy,
    LooseSourceMapping,
    LocalOnlyMapping,
}

use Property as P;

/// As the cmdlets call them, and by which other names exporters know them.
const NAMES: &[(&str, Property)] = &[
    ("Name", P::Name),
    ("InstanceID", P::InstanceId),
    ("DisplayName", P::DisplayName),
    ("Description", P::Description),
    ("Enabled", P::Enabled),
    ("Profile", P::Profile),
    ("Direction", P::Direction),
    ("Action", P::Action),
    ("Protocol", P::Protocol),
    ("LocalPort", P::LocalPort),
    ("RemotePort", P::RemotePort),
    ("IcmpType", P::IcmpType),
    ("LocalAddress", P::LocalAddress),
    ("RemoteAddress", P::RemoteAddress),
    ("RemoteDynamicKeywordAddresses", P::RemoteDynamicKeywordAddresses),
    ("Program", P::Program),
    ("Package", P::Package),
    ("PackageFamilyName", P::PackageFamilyName),
    ("Service", P::Service),
    ("InterfaceAlias", P::InterfaceAlias),
    ("InterfaceType", P::InterfaceType),
    ("LocalUser", P::LocalUser),
    ("RemoteUser", P::RemoteUser),
    ("RemoteMachine", P::RemoteMachine),
    ("Authentication", P::Authentication),
    ("Encryption", P::Encryption),
    ("OverrideBlockRules", P::OverrideBlockRules),
    ("Owner", P::Owner),
    ("Platform", P::Platform),
    ("DynamicTarget", P::DynamicTarget),
    ("PolicyStoreSource", P::PolicyStoreSource),
    ("PolicyStoreSourceType", P::PolicyStoreSourceType),
    ("PolicyAppId", P::PolicyAppId),
    ("NetworkName", P::NetworkName),
    ("SecurityRealm", P::SecurityRealm),
    ("Group", P::Group),
    ("EdgeTraversalPolicy", P::EdgeTraversalPolicy),
    ("LooseSourceMapping", P::LooseSourceMapping),
    ("LocalOnlyMapping", P::LocalOnlyMapping),
    ("EdgeTraversal", P::EdgeTraversalPolicy),
    ("DynamicTransport", P::DynamicTarget),
    ("Profiles", P::Profile),
    ("Platforms", P::Platform),
    ("LocalPorts", P::LocalPort),
    ("RemotePorts", P::RemotePort),
    ("LocalAddresses", P::LocalAddress),
    ("RemoteAddresses", P::RemoteAddress),
    ("LocalIP", P::LocalAddress),
    ("RemoteIP", P::RemoteAddress),
    ("IcmpTypes", P::IcmpType),
    ("InterfaceTypes", P::InterfaceType),
    ("Display Name", P::DisplayName),
    ("ServiceName", P::Service),
];

/// Known, and known not to decide which packets a rule matches: status, and what the cmdlets' objects carry with them.
const IRRELEVANT: &[&str] = &[
    "DisplayGroup",
    "RuleGroup",
    "PrimaryStatus",
    "Status",
    "StatusCode",
    "StatusDescriptions",
    "EnforcementStatus",
    "PolicyStore",
    "ID",
    "Caption",
    "ElementName",
    "CommonName",
    "CreationClassName",
    "PolicyRuleName",
    "SystemCreationClassName",
    "SystemName",
    "PolicyDecisionStrategy",
    "PolicyKeywords",
    "PolicyRoles",
    "RuleUsage",
    "SequencedActions",
    "ConditionListType",
    "ExecutionStrategy",
    "Mandatory",
    "Priority",
    "HealthState",
    "InstallDate",
    "OperatingStatus",
    "OperationalStatus",
    "CommunicationStatus",
    "DetailedStatus",
    "PSComputerName",
    "PSShowComputerName",
    "RunspaceId",
    "ComputerName",
    "CimClass",
    "CimInstanceProperties",
    "CimSystemProperties",
];

/// The filters, without which what a rule matches is not known.
pub const FILTERS: &[Property] = &[
    P::Protocol,
    P::LocalPort,
    P::RemotePort,
    P::LocalAddress,
    P::RemoteAddress,
    P::Program,
    P::Package,
    P::Service,
    P::InterfaceAlias,
    P::InterfaceType,
    P::LocalUser,
    P::RemoteUser,
    P::RemoteMachine,
    P::Authentication,
    P::Encryption,
    P::Profile,
];

/// What a name in a file stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Property(Property),
    Irrelevant,
    Unknown,
}

impl Property {
    /// As the cmdlets call it.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, property)| *property == self).map_or("", |(name, _)| name)
    }

    pub fn column(name: &str) -> Column {
        let name = name.trim();
        if let Some((_, property)) = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Column::Property(*property)
        } else if IRRELEVANT.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            Column::Irrelevant
        } else {
            Column::Unknown
        }
    }

    pub fn bit(self) -> u64 {
        1 << (self as u8)
    }

    /// Whether the value says no more than leaving the property out would.
    pub fn is_default(self, text: &str) -> bool {
        let is = |word: &str| text.eq_ignore_ascii_case(word);
        match self {
            P::Authentication | P::Encryption => {
                text.is_empty() || is("NotRequired") || is("Any") || text == "0"
            }
            P::EdgeTraversalPolicy => text.is_empty() || is("Block") || is("No") || text == "0",
            P::OverrideBlockRules | P::LooseSourceMapping | P::LocalOnlyMapping => {
                text.is_empty() || is("False") || text == "0"
            }
            // A service of any name is still a service, and 0 a protocol of its own.
            P::Service | P::Protocol => text.is_empty() || is("Any"),
            P::LocalAddress | P::RemoteAddress | P::LocalPort | P::RemotePort => {
                text.is_empty() || is("Any") || text == "*"
            }
            P::InterfaceType | P::DynamicTarget => text.is_empty() || is("Any") || is("All") || text == "0",
            P::Profile => text.is_empty() || is("Any") || is("All") || text == "0",
            P::Name | P::DisplayName | P::Description | P::InstanceId => false,
            P::Enabled | P::Direction | P::Action | P::PolicyStoreSource | P::PolicyStoreSourceType => {
                text.is_empty()
            }
            P::RemoteDynamicKeywordAddresses => text.is_empty() || text == "{}",
            _ => text.is_empty() || is("Any"),
        }
    }

    /// Whether Windows always has a word for it.
    pub fn is_never_blank(self) -> bool {
        matches!(
            self,
            P::Protocol
                | P::LocalAddress
                | P::RemoteAddress
                | P::Direction
                | P::Action
                | P::Enabled
                | P::Authentication
                | P::Encryption
                | P::InterfaceType
        )
    }
}

/// One bit for each.
pub fn bits(properties: &[Property]) -> u64 {
    properties.iter().fold(0, |bits, property| bits | property.bit())
}
