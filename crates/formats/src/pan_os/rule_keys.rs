use super::tree::{NodeId, Tree};

/// What the keys of a rule say, not yet resolved.
#[derive(Default)]
pub struct Keys<'a> {
    pub from: Option<Vec<&'a str>>,
    pub to: Option<Vec<&'a str>>,
    pub source: Option<NodeId>,
    pub destination: Option<NodeId>,
    pub negate_source: bool,
    pub negate_destination: bool,
    pub application: Option<NodeId>,
    pub service: Option<NodeId>,
    pub category: Option<NodeId>,
    /// Users, host profiles and the like: each key demands one of its words.
    pub others: Vec<(NodeId, &'static str)>,
    pub action: Option<(NodeId, &'a str)>,
    pub rule_type: Option<(NodeId, &'a str)>,
    pub schedule: Option<NodeId>,
    pub target: Option<NodeId>,
    pub disabled: bool,
    pub log_start: bool,
    pub log_end: Option<bool>,
    pub description: Option<&'a str>,
    pub strange: Vec<NodeId>,
    pub has_from: bool,
    pub has_to: bool,
}

/// Reads the keys of a rule.
pub fn keys<'a>(tree: &'a Tree<'_>, node: NodeId) -> Keys<'a> {
    let mut keys = Keys::default();
    let yes = |key| tree.value(key) == Some("yes");
    for key in tree.children(node) {
        match tree.word(key) {
            "from" => (keys.from, keys.has_from) = (names(tree, key), tree.first(key).is_some()),
            "to" => (keys.to, keys.has_to) = (names(tree, key), tree.first(key).is_some()),
            "source" => keys.source = Some(key),
            "destination" => keys.destination = Some(key),
            "negate-source" => keys.negate_source = yes(key),
            "negate-destination" => keys.negate_destination = yes(key),
            "application" => keys.application = Some(key),
            "service" => keys.service = Some(key),
            "category" => keys.category = Some(key),
            "source-user" => keys.others.push((key, "source-user")),
            "hip-profiles" => keys.others.push((key, "hip-profile")),
            "source-hip" => keys.others.push((key, "source-hip")),
            "destination-hip" => keys.others.push((key, "destination-hip")),
            "source-imsi" => keys.others.push((key, "source-imsi")),
            "source-imei" => keys.others.push((key, "source-imei")),
            "source-nw-slice" => keys.others.push((key, "source-nw-slice")),
            "action" => keys.action = tree.value(key).map(|value| (key, value)),
            "rule-type" => keys.rule_type = tree.value(key).map(|value| (key, value)),
            "schedule" => keys.schedule = Some(key).filter(|key| tree.first(*key).is_some()),
            "target" => keys.target = Some(key),
            "disabled" => keys.disabled = yes(key),
            "log-start" => keys.log_start = yes(key),
            "log-end" => keys.log_end = Some(yes(key)),
            "description" => keys.description = tree.value(key),
            // Logging, inspection of what is let through, and marks for people and for quality of service.
            "tag" | "log-setting" | "profile-setting" | "option" | "qos" | "group-tag" | "uuid"
            | "icmp-unreachable" | "disable-inspect" | "loc" | "mod-time" | "saas-user-list"
            | "saas-tenant-list" | "tenant-restriction" => {}
            _ => keys.strange.push(key),
        }
    }
    keys
}

/// The names in a list; `None` for any.
pub fn names<'a>(tree: &'a Tree<'_>, key: NodeId) -> Option<Vec<&'a str>> {
    let names: Vec<&str> = tree.children(key).map(|child| tree.word(child)).collect();
    (!names.is_empty() && !names.contains(&"any")).then_some(names)
}
