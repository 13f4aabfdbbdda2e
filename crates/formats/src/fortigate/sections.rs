//! Which sections of a configuration are read, and why the others decide nothing.

/// The sections that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    Interface,
    Zone,
    Sdwan,
    Settings,
    ExternalResource,
    StaticRoute,
    StaticRoute6,
    RoutingProtocol,
    PolicyRoute,
    Address,
    Address6,
    AddressGroup,
    AddressGroup6,
    Vip,
    Vip6,
    VipGroup,
    VipGroup6,
    Service,
    ServiceGroup,
    Recurring,
    Onetime,
    ScheduleGroup,
    InternetServiceName,
    InternetServiceGroup,
    InternetServiceCustom,
    Policy,
    Policy6,
    ConsolidatedPolicy,
    SecurityPolicy,
    LocalInPolicy,
    LocalInPolicy6,
    Acl,
    Acl6,
    /// It may decide packets, and is not modelled.
    Deciding,
}

const KINDS: &[(&str, Kind)] = &[
    ("system interface", Kind::Interface),
    ("system zone", Kind::Zone),
    ("system sdwan", Kind::Sdwan),
    ("system virtual-wan-link", Kind::Sdwan),
    ("system settings", Kind::Settings),
    ("system external-resource", Kind::ExternalResource),
    ("router static", Kind::StaticRoute),
    ("router static6", Kind::StaticRoute6),
    ("router ospf", Kind::RoutingProtocol),
    ("router ospf6", Kind::RoutingProtocol),
    ("router bgp", Kind::RoutingProtocol),
    ("router rip", Kind::RoutingProtocol),
    ("router ripng", Kind::RoutingProtocol),
    ("router isis", Kind::RoutingProtocol),
    ("router policy", Kind::PolicyRoute),
    ("router policy6", Kind::PolicyRoute),
    ("firewall address", Kind::Address),
    ("firewall address6", Kind::Address6),
    ("firewall addrgrp", Kind::AddressGroup),
    ("firewall addrgrp6", Kind::AddressGroup6),
    ("firewall vip", Kind::Vip),
    ("firewall vip6", Kind::Vip6),
    ("firewall vipgrp", Kind::VipGroup),
    ("firewall vipgrp6", Kind::VipGroup6),
    ("firewall service custom", Kind::Service),
    ("firewall service group", Kind::ServiceGroup),
    ("firewall schedule recurring", Kind::Recurring),
    ("firewall schedule onetime", Kind::Onetime),
    ("firewall schedule group", Kind::ScheduleGroup),
    ("firewall internet-service-name", Kind::InternetServiceName),
    ("firewall internet-service-group", Kind::InternetServiceGroup),
    ("firewall internet-service-custom", Kind::InternetServiceCustom),
    ("firewall policy", Kind::Policy),
    ("firewall policy6", Kind::Policy6),
    ("firewall consolidated policy", Kind::ConsolidatedPolicy),
    ("firewall security-policy", Kind::SecurityPolicy),
    ("firewall local-in-policy", Kind::LocalInPolicy),
    ("firewall local-in-policy6", Kind::LocalInPolicy6),
    ("firewall acl", Kind::Acl),
    ("firewall acl6", Kind::Acl6),
    ("firewall policy46", Kind::Deciding),
    ("firewall policy64", Kind::Deciding),
    ("firewall ttl-policy", Kind::Deciding),
    ("firewall ipv6-eh-filter", Kind::Deciding),
];

/// Sections that decide nothing here, by how their path begins, and why.
const IRRELEVANT: &[(&str, &str)] = &[
    ("firewall multicast-policy", "for multicast, which no other policy decides"),
    ("firewall multicast-address", "for multicast, which no other policy decides"),
    ("firewall proxy-policy", "for the web proxy, which ends connections itself"),
    ("firewall proxy-address", "for the web proxy, which ends connections itself"),
    ("firewall proxy-addrgrp", "for the web proxy, which ends connections itself"),
    ("firewall access-proxy", "for zero trust access, which ends connections itself"),
    ("firewall ztna", "for zero trust access, which ends connections itself"),
    ("firewall shap", "how fast flows pass, not whether"),
    ("firewall traffic-class", "how fast flows pass, not whether"),
    ("firewall DoS-policy", "counts packets, and decides no flow by itself"),
    ("firewall interface-policy", "inspects content before the policies"),
    ("firewall sniffer", "listens only"),
    ("firewall on-demand-sniffer", "listens only"),
    ("firewall ippool", "source addresses are translated after the policies"),
    ("firewall central-snat-map", "source addresses are translated after the policies"),
    ("firewall ip-translation", "addresses are translated after the policies"),
    ("firewall vip46", "for policies between IPv4 and IPv6"),
    ("firewall vip64", "for policies between IPv4 and IPv6"),
    ("firewall vipgrp46", "for policies between IPv4 and IPv6"),
    ("firewall vipgrp64", "for policies between IPv4 and IPv6"),
    ("firewall wildcard-fqdn", "for exemptions from inspection; no policy matches by it"),
    ("firewall service category", "how services are sorted on the screen"),
    ("firewall internet-service", "the vendor's database of services, or about it"),
    ("firewall network-service-dynamic", "a service that is kept elsewhere"),
    ("firewall profile", "inspection of what a policy permits"),
    ("firewall ssl", "inspection of what a policy permits"),
    ("firewall ssh", "inspection of what a policy permits"),
    ("firewall mms-profile", "inspection of what a policy permits"),
    ("firewall gtp", "inspection of what a policy permits"),
    ("firewall pfcp", "inspection of what a policy permits"),
    ("firewall deep-inspection-options", "inspection of what a policy permits"),
    ("firewall decrypted-traffic-mirror", "copies of what a policy permits"),
    ("firewall carrier-endpoint", "inspection of what a policy permits"),
    ("firewall auth-portal", "how users log in"),
    ("firewall identity-based-route", "which way flows go, not whether"),
    ("firewall proute", "which way flows go, not whether"),
    ("firewall ldb-monitor", "whether servers behind a virtual server answer"),
    ("firewall ipmacbinding", "which hardware address an address has"),
    ("firewall dnstranslation", "answers of name servers"),
    ("firewall address6-template", "how addresses are composed"),
    ("firewall city", "where addresses are"),
    ("firewall country", "where addresses are"),
    ("firewall region", "where addresses are"),
    ("firewall vendor-mac", "who made a network card"),
    ("firewall global", "settings of the firewall that decide no flow"),
    ("firewall iprope", "settings of the firewall that decide no flow"),
    ("system", "the system itself, no policy"),
    ("router", "which way packets go, not whether"),
    ("vpn", "tunnels, which are interfaces to the policies"),
    ("user", "who users are, not what they may"),
    ("log", "logging"),
    ("report", "logging"),
    ("alertemail", "logging"),
    ("antivirus", "inspection of what a policy permits"),
    ("application", "inspection of what a policy permits"),
    ("casb", "inspection of what a policy permits"),
    ("cifs", "inspection of what a policy permits"),
    ("diameter-filter", "inspection of what a policy permits"),
    ("dlp", "inspection of what a policy permits"),
    ("dnsfilter", "inspection of what a policy permits"),
    ("emailfilter", "inspection of what a policy permits"),
    ("file-filter", "inspection of what a policy permits"),
    ("icap", "inspection of what a policy permits"),
    ("imp2p", "inspection of what a policy permits"),
    ("ips", "inspection of what a policy permits"),
    ("sctp-filter", "inspection of what a policy permits"),
    ("spamfilter", "inspection of what a policy permits"),
    ("ssh-filter", "inspection of what a policy permits"),
    ("videofilter", "inspection of what a policy permits"),
    ("virtual-patch", "inspection of what a policy permits"),
    ("voip", "inspection of what a policy permits"),
    ("waf", "inspection of what a policy permits"),
    ("webfilter", "inspection of what a policy permits"),
    ("wanopt", "how flows are carried, not whether"),
    ("web-proxy", "for the web proxy, which ends connections itself"),
    ("ftp-proxy", "for the FTP proxy, which ends connections itself"),
    ("ztna", "for zero trust access, which ends connections itself"),
    ("authentication", "how users log in"),
    ("automation", "what is done on an event"),
    ("certificate", "certificates"),
    ("client-reputation", "logging"),
    ("credential-store", "certificates"),
    ("dpdk", "the system itself, no policy"),
    ("endpoint-control", "programs on clients"),
    ("ethernet-oam", "the system itself, no policy"),
    ("extender", "other devices that it manages"),
    ("extension-controller", "other devices that it manages"),
    ("extender-controller", "other devices that it manages"),
    ("gui", "what the screen shows"),
    ("monitoring", "the system itself, no policy"),
    ("netscan", "the system itself, no policy"),
    ("nsxt", "other devices that it manages"),
    ("switch-controller", "other devices that it manages"),
    ("telemetry-controller", "other devices that it manages"),
    ("wireless-controller", "other devices that it manages"),
    ("hardware", "the system itself, no policy"),
    ("rule", "inspection of what a policy permits"),
    ("azure", "the system itself, no policy"),
];

/// What a section is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Read(Kind),
    Irrelevant(&'static str),
    /// Of the firewall, and not known.
    Strange,
}

/// What the section with this path is.
pub(super) fn class(path: &str) -> Class {
    if let Some((_, kind)) = KINDS.iter().find(|(known, _)| *known == path) {
        return Class::Read(*kind);
    }
    // FortiOS takes the beginning of a word for the word, where no other word begins so.
    let first = path.split(' ').next().unwrap_or_default();
    if let Some(rest) = path.strip_prefix(first)
        && first.len() >= 3
        && first != "system"
        && "system".starts_with(first)
    {
        return class(&format!("system{rest}"));
    }
    let begins = |known: &str| {
        path.strip_prefix(known).is_some_and(|rest| {
            rest.is_empty() || rest.starts_with([' ', '-', '6', '_']) || known.contains(' ')
        })
    };
    match IRRELEVANT.iter().find(|(known, _)| begins(known)) {
        Some((_, reason)) => Class::Irrelevant(reason),
        None => Class::Strange,
    }
}

impl Kind {
    /// The path, as the file writes it.
    pub fn path(self) -> &'static str {
        KINDS.iter().find(|(_, kind)| *kind == self).map_or("", |(path, _)| path)
    }

    /// The word before a policy's number in its name.
    pub fn word(self) -> &'static str {
        match self {
            Kind::ConsolidatedPolicy => "consolidated policy",
            _ => self.path().strip_prefix("firewall ").unwrap_or(self.path()),
        }
    }

    /// Whether its entries are rules.
    pub fn has_rules(self) -> bool {
        matches!(
            self,
            Kind::Policy
                | Kind::Policy6
                | Kind::ConsolidatedPolicy
                | Kind::SecurityPolicy
                | Kind::LocalInPolicy
                | Kind::LocalInPolicy6
                | Kind::Acl
                | Kind::Acl6
                | Kind::Deciding
        )
    }
}
