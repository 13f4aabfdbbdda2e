//! A policy in the file's own words.

use super::lexer::Word;
use super::sections::Kind;
use super::tree::{Document, List, Node, Setting, Verb};

/// What a policy says, by what it means for packets.
pub(super) struct Policy<'d, 't> {
    pub node: &'d Node<'t>,
    pub kind: Kind,
    pub name: Option<&'d Word<'t>>,
    pub comment: Option<&'d Word<'t>>,
    pub from: List<'d, 't>,
    pub to: List<'d, 't>,
    pub source: [List<'d, 't>; 2],
    pub destination: [List<'d, 't>; 2],
    pub source_negated: [bool; 2],
    pub destination_negated: [bool; 2],
    /// Whether it says of the IPv6 source and destination by themselves that they are negated or not.
    pub negation6_said: [bool; 2],
    pub service: List<'d, 't>,
    pub service_negated: bool,
    pub schedule: Option<&'d Word<'t>>,
    pub action: Option<&'d Word<'t>>,
    pub disabled: bool,
    pub logs: bool,
    /// Internet services as destination, and as source, for IPv4 and IPv6.
    pub internet: [Internet<'d, 't>; 4],
    pub users: [List<'d, 't>; 3],
    /// What else must hold: what it is called, and its values.
    pub conditions: Vec<(&'static str, List<'d, 't>)>,
    /// What is set and not modelled, or not known.
    pub unknown: Vec<Setting<'t>>,
    /// Profiles inspect what it permits.
    pub inspects: bool,
    pub default_ports_of_applications: bool,
    pub match_vip: Option<bool>,
    pub expires: Option<&'d Word<'t>>,
    pub expiry_enabled: bool,
    /// For `action ipsec`.
    pub tunnel: Option<&'d Word<'t>>,
}

/// `internet-service`, `internet-service-src`, and the same for IPv6.
#[derive(Clone, Debug, Default)]
pub(super) struct Internet<'d, 't> {
    pub enabled: bool,
    pub negated: bool,
    /// By what they are chosen: `name`, `id`, `group`, `custom`.
    pub chosen: Vec<(&'t str, List<'d, 't>)>,
}

/// Where in [`Policy::internet`] the keys with a prefix belong; the longer prefixes first.
const INTERNET: [(&str, usize); 4] = [
    ("internet-service6-src", 3),
    ("internet-service6", 1),
    ("internet-service-src", 2),
    ("internet-service", 0),
];

impl<'d, 't> Policy<'d, 't> {
    pub fn of(document: &'d Document<'t>, node: &'d Node<'t>, kind: Kind) -> Self {
        let mut policy = Policy {
            node,
            kind,
            name: None,
            comment: None,
            from: List::default(),
            to: List::default(),
            source: Default::default(),
            destination: Default::default(),
            source_negated: [false; 2],
            destination_negated: [false; 2],
            negation6_said: [false; 2],
            service: List::default(),
            service_negated: false,
            schedule: None,
            action: None,
            disabled: false,
            logs: false,
            internet: Default::default(),
            users: Default::default(),
            conditions: Vec::new(),
            unknown: Vec::new(),
            inspects: false,
            default_ports_of_applications: false,
            match_vip: None,
            expires: None,
            expiry_enabled: false,
            tunnel: None,
        };
        for setting in &node.settings {
            policy.apply(setting, document.values(setting));
        }
        policy
    }

    fn apply(&mut self, setting: &Setting<'t>, words: &'d [Word<'t>]) {
        let verb = setting.verb;
        let value = words.first().filter(|_| verb != Verb::Unset);
        let is = |wanted: &str| value.is_some_and(|word| word.text == wanted);
        let on = is("enable");
        let v6_list = matches!(self.kind, Kind::Policy6 | Kind::LocalInPolicy6 | Kind::Acl6);
        let own = usize::from(v6_list);
        match setting.key {
            "srcintf" | "intf" | "interface" => self.from.apply(verb, words),
            "dstintf" => self.to.apply(verb, words),
            "srcaddr" | "srcaddr4" => self.source[own].apply(verb, words),
            "dstaddr" | "dstaddr4" => self.destination[own].apply(verb, words),
            "srcaddr6" => self.source[1].apply(verb, words),
            "dstaddr6" => self.destination[1].apply(verb, words),
            "srcaddr-negate" => self.source_negated[own] = on,
            "dstaddr-negate" => self.destination_negated[own] = on,
            "srcaddr6-negate" => (self.source_negated[1], self.negation6_said[0]) = (on, value.is_some()),
            "dstaddr6-negate" => {
                (self.destination_negated[1], self.negation6_said[1]) = (on, value.is_some())
            }
            "service" => self.service.apply(verb, words),
            "service-negate" => self.service_negated = on,
            "schedule" => self.schedule = value,
            "action" => self.action = value,
            "status" => self.disabled = is("disable"),
            "name" => self.name = value,
            "comments" => self.comment = value,
            "logtraffic" => self.logs = is("all"),
            "match-vip" => self.match_vip = value.map(|_| on),
            "groups" => self.users[0].apply(verb, words),
            "users" => self.users[1].apply(verb, words),
            "fsso-groups" => self.users[2].apply(verb, words),
            "vpntunnel" => self.tunnel = value,
            "policy-expiry" => self.expiry_enabled = on,
            "policy-expiry-date" | "policy-expiry-date-utc" => self.expires = value,
            "enforce-default-app-port" => self.default_ports_of_applications = on,
            "application" => self.condition("application", verb, words),
            "app-category" => self.condition("application category", verb, words),
            "app-group" => self.condition("application group", verb, words),
            "url-category" => self.condition("URL category", verb, words),
            "devices" => self.condition("device", verb, words),
            "src-vendor-mac" => self.condition("vendor of the network card", verb, words),
            "ztna-ems-tag" | "ztna-ems-tag-secondary" => self.condition("zero trust tag", verb, words),
            "ztna-geo-tag" => self.condition("zero trust region", verb, words),
            "sgt" => self.condition("security group tag", verb, words),
            "network-service-dynamic" => self.condition("network service", verb, words),
            "network-service-src-dynamic" => self.condition("network service of the source", verb, words),
            key if key.starts_with("internet-service") => self.internet(key, setting, words),
            key if is_inspection(key) => {
                self.inspects |= value.is_some() && !is("disable") && !is("");
            }
            key if decides_nothing(key) => {}
            // By default any of the tags is enough, and a country is where its addresses are: a policy that says
            // otherwise does not ask the same as others with the same tags or country.
            "ztna-tags-match-logic" if is("or") => self.known_again(setting),
            "geoip-match" if is("physical-location") => self.known_again(setting),
            // What is off restricts nothing, whatever it is: `show full-configuration` lists all that is off.
            _ if value.is_none() || is("disable") || is("none") || is("") => {
                self.unknown.retain(|other| other.key != setting.key);
            }
            "tos" | "tos-mask" | "reputation-minimum" if words.iter().all(|word| is_zero(&word.text)) => {
                self.unknown.retain(|other| other.key != setting.key);
            }
            _ => self.unknown.push(*setting),
        }
    }

    /// A later setting takes back what an earlier one said.
    fn known_again(&mut self, setting: &Setting<'t>) {
        self.unknown.retain(|other| other.key != setting.key);
    }

    fn condition(&mut self, noun: &'static str, verb: Verb, words: &'d [Word<'t>]) {
        match self.conditions.iter_mut().find(|(known, _)| *known == noun) {
            Some((_, list)) => list.apply(verb, words),
            None => {
                let mut list = List::default();
                list.apply(verb, words);
                self.conditions.push((noun, list));
            }
        }
    }

    /// One of the keys that begin with `internet-service`.
    fn internet(&mut self, key: &'t str, setting: &Setting<'t>, words: &'d [Word<'t>]) {
        let found = INTERNET.iter().find_map(|(prefix, at)| Some((key.strip_prefix(prefix)?, *at)));
        let Some((rest, at)) = found else { return };
        let Some(internet) = self.internet.get_mut(at) else { return };
        let on = setting.verb != Verb::Unset && words.first().is_some_and(|word| word.text == "enable");
        match rest {
            "" => internet.enabled = on,
            "-negate" => internet.negated = on,
            _ => {
                let by = rest.get(1..).unwrap_or_default();
                match internet.chosen.iter_mut().find(|(known, _)| *known == by) {
                    Some((_, list)) => list.apply(setting.verb, words),
                    None => {
                        let mut list = List::default();
                        list.apply(setting.verb, words);
                        internet.chosen.push((by, list));
                    }
                }
            }
        }
    }

    /// What is said of a family's side at all.
    pub fn speaks_of(&self, family: usize) -> bool {
        let said = |lists: &[List<'_, '_>; 2]| lists.get(family).is_some_and(|list| !list.is_empty());
        let internet = |at: usize| self.internet.get(at).is_some_and(|internet| internet.enabled);
        said(&self.source) || said(&self.destination) || internet(family) || internet(family + 2)
    }
}

/// A number that is nothing, decimal or hexadecimal.
fn is_zero(text: &str) -> bool {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte == b'0')
}

/// Settings by which what a policy permits is inspected.
fn is_inspection(key: &str) -> bool {
    matches!(
        key,
        "profile-group"
            | "av-profile"
            | "webfilter-profile"
            | "dnsfilter-profile"
            | "emailfilter-profile"
            | "spamfilter-profile"
            | "dlp-sensor"
            | "dlp-profile"
            | "file-filter-profile"
            | "ips-sensor"
            | "ips-voip-filter"
            | "application-list"
            | "voip-profile"
            | "icap-profile"
            | "cifs-profile"
            | "waf-profile"
            | "ssh-filter-profile"
            | "videofilter-profile"
            | "virtual-patch-profile"
            | "casb-profile"
            | "casi-profile"
            | "sctp-filter-profile"
            | "diameter-filter-profile"
            | "mms-profile"
            | "gtp-profile"
            | "pfcp-profile"
            | "telemetry-profile"
            | "scan-botnet-connections"
            | "endpoint-compliance"
    )
}

/// Settings that decide no packet: names, logging, translation after the policy, how fast and by which way.
fn decides_nothing(key: &str) -> bool {
    matches!(
        key,
        "uuid"
            | "policyid"
            | "label"
            | "global-label"
            | "tags"
            | "comment"
            | "logtraffic-start"
            | "logtraffic-app"
            | "custom-log-fields"
            | "replacemsg-override-group"
            | "redirect-url"
            | "utm-status"
            | "profile-type"
            | "profile-protocol-options"
            | "ssl-ssh-profile"
            | "deep-inspection-options"
            | "inspection-mode"
            | "http-policy-redirect"
            | "ssh-policy-redirect"
            | "ztna-policy-redirect"
            | "webcache"
            | "webcache-https"
            | "wanopt"
            | "wanopt-detection"
            | "wanopt-passive-opt"
            | "wanopt-profile"
            | "wanopt-peer"
            | "webproxy-profile"
            | "webproxy-forward-server"
            | "decrypted-traffic-mirror"
            | "ssl-mirror"
            | "ssl-mirror-intf"
            | "capture-packet"
            | "auto-asic-offload"
            | "np-acceleration"
            | "np-accelation"
            | "policy-offload"
            | "traffic-shaper"
            | "traffic-shaper-reverse"
            | "per-ip-shaper"
            | "dynamic-shaping"
            | "nat"
            | "central-nat"
            | "permit-any-host"
            | "permit-stun-host"
            | "fixedport"
            | "port-preserve"
            | "port-random"
            | "ippool"
            | "poolname"
            | "poolname6"
            | "natip"
            | "natinbound"
            | "natoutbound"
            | "inbound"
            | "outbound"
            | "pcp-inbound"
            | "pcp-outbound"
            | "pcp-poolname"
            | "cgn-session-quota"
            | "cgn-resource-quota"
            | "cgn-eif"
            | "cgn-eim"
            | "cgn-log-server-grp"
            | "identity-from"
            | "session-ttl"
            | "vlan-cos-fwd"
            | "vlan-cos-rev"
            | "wccp"
            | "wsso"
            | "rsso"
            | "ntlm"
            | "ntlm-guest"
            | "ntlm-enabled-browsers"
            | "fsso"
            | "fsso-agent-for-ntlm"
            | "auth-cert"
            | "auth-redirect-addr"
            | "auth-path"
            | "captive-portal-exempt"
            | "radius-mac-auth-bypass"
            | "radius-ip-auth-bypass"
            | "delay-tcp-npu-session"
            | "diffserv-copy"
            | "diffserv-forward"
            | "diffserv-reverse"
            | "diffservcode-forward"
            | "diffservcode-rev"
            | "tcp-mss-sender"
            | "tcp-mss-receiver"
            | "tcp-timeout-pid"
            | "udp-timeout-pid"
            | "timeout-send-rst"
            | "tcp-session-without-syn"
            | "anti-replay"
            | "dsri"
            | "fec"
            | "schedule-timeout"
            | "firewall-session-dirty"
            | "send-deny-packet"
            | "block-notification"
            | "email-collect"
            | "passive-wan-health-measurement"
            | "app-monitor"
            | "geoip-anycast"
            | "reputation-direction"
            | "reputation-direction6"
            | "rtp-nat"
            | "rtp-addr"
            | "policy-behaviour-type"
            | "ip-version-type"
            | "force-proxy"
            | "sec-default-action"
            | "virtual-patch"
            | "sgt-check"
            | "ztna-status"
            | "learning-mode"
    )
}

/// Whether a setting stays when its policy is given other packets.
pub(super) fn keeps(key: &str, permits: bool) -> bool {
    const OF_USERS: &[&str] =
        &["fsso", "ntlm", "rsso", "wsso", "sgt-check", "ztna-status", "learning-mode", "geoip-match"];
    let named = is_own(key) || matches!(key, "comments" | "logtraffic" | "logtraffic-start");
    named || permits && !OF_USERS.contains(&key) && (decides_nothing(key) || is_inspection(key))
}

/// Whether a setting is of one policy alone.
pub(super) fn is_own(key: &str) -> bool {
    matches!(key, "name" | "uuid" | "policyid")
}
