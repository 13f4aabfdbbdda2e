use super::tree::NodeId;

/// A place for objects and rules.
pub struct Scope {
    pub kind: ScopeKind,
    pub name: String,
    /// The first node of it in the file.
    pub node: NodeId,
    pub rulebases: Vec<Rulebase>,
    /// The containers of overrides of the default rules.
    pub defaults: Vec<NodeId>,
    /// The zones it defines.
    pub zones: Vec<NodeId>,
    /// Whether policy based forwarding chooses an interface against the routes.
    pub forwards: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScopeKind {
    Shared,
    Vsys,
    DeviceGroup,
    /// What Panorama sent to a firewall, in the firewall's own configuration.
    Pushed,
}

/// Security rules in order.
#[derive(Clone, Copy)]
pub struct Rulebase {
    pub position: Position,
    /// The node whose children are the rules.
    pub rules: NodeId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    Pre,
    Local,
    Post,
}

impl Position {
    pub fn word(self) -> &'static str {
        match self {
            Position::Pre => "pre-rulebase",
            Position::Local => "rulebase",
            Position::Post => "post-rulebase",
        }
    }
}

pub struct Definition {
    pub kind: Kind,
    pub node: NodeId,
    pub scope: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Address,
    AddressGroup,
    ExternalList,
    Region,
    Service,
    ServiceGroup,
    Application,
    ApplicationGroup,
    ApplicationFilter,
    UrlCategory,
    Schedule,
}

impl Kind {
    pub fn of(word: &str) -> Option<Self> {
        Some(match word {
            "address" => Kind::Address,
            "address-group" => Kind::AddressGroup,
            "external-list" => Kind::ExternalList,
            "region" => Kind::Region,
            "service" => Kind::Service,
            "service-group" => Kind::ServiceGroup,
            "application" => Kind::Application,
            "application-group" => Kind::ApplicationGroup,
            "application-filter" => Kind::ApplicationFilter,
            "custom-url-category" => Kind::UrlCategory,
            "schedule" => Kind::Schedule,
            _ => return None,
        })
    }

    /// In the singular, as people say it.
    pub fn noun(self) -> &'static str {
        match self {
            Kind::Address => "address",
            Kind::AddressGroup => "address group",
            Kind::ExternalList => "external dynamic list",
            Kind::Region => "region",
            Kind::Service => "service",
            Kind::ServiceGroup => "service group",
            Kind::Application => "application",
            Kind::ApplicationGroup => "application group",
            Kind::ApplicationFilter => "application filter",
            Kind::UrlCategory => "custom url category",
            Kind::Schedule => "schedule",
        }
    }
}

/// A firewall's network, or a template of one.
#[derive(Default)]
pub struct Device {
    pub template: Option<String>,
    pub networks: Vec<NodeId>,
    /// The containers of zones, with the vsys they belong to.
    pub zones: Vec<(String, NodeId)>,
}

/// A statement that may decide packets, and of which no more is known.
pub struct Loose {
    pub node: NodeId,
    /// `None`: in every rule set.
    pub scope: Option<usize>,
    /// Only packets of IPv6.
    pub only_v6: bool,
    pub says: String,
}

/// The vsys that a firewall without others has.
pub const ONLY_VSYS: &str = "vsys1";
