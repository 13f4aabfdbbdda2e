//! What a policy matches and does.

use std::borrow::Cow;
use std::rc::Rc;

use space::{Action, AddressSet, Conditions, Region, Set, Side, Symbol, SymbolKind};

use super::domain::{Domain, index};
use super::parts::{Family, Part, joined, without};
use super::policy::Policy;
use super::sections::Kind;
use super::service_parts::{self, ServicePart};
use super::shown;
use super::tree::List;
use super::version::Version;
use super::vip::VirtualIp;
use crate::{Day, Status};

/// What becomes of a policy.
pub(super) struct Meaning {
    pub regions: Vec<Region>,
    pub action: Action,
    pub status: Status,
    pub reason: Cow<'static, str>,
    pub inactive: Option<&'static str>,
    pub expires: Option<Day>,
}

/// How packets get to a policy.
#[derive(Clone, Copy)]
pub(super) struct Setting<'a> {
    /// The policy's name in its rule set.
    pub name: &'a str,
    /// In the policy-based mode, the list before the security policies permits unless it says otherwise (FortiOS
    /// Administration Guide, "NGFW policy").
    pub permits_by_default: bool,
    /// Virtual IPs are looked at in another place.
    pub ignores_virtual_ips: bool,
    pub version: Option<Version>,
}

/// A policy may not become more regions than this; beyond it is one unknown.
const MOST_REGIONS: usize = 50_000;

/// Cutting what virtual IPs translate out of a policy may make so many regions.
const MOST_CUT: usize = 500;

/// Reads what a policy matches and does. `left` is how many regions all policies together may still have.
pub(super) fn meaning<'d, 't>(
    domain: &mut Domain<'d, 't>,
    policy: &Policy<'d, 't>,
    setting: Setting<'_>,
    left: &mut usize,
) -> Meaning {
    let mut reader = Reader { domain, policy, setting, reasons: Vec::new(), expires: None, never: false };
    let built = reader.regions();
    let action = reader.action();
    let Reader { mut reasons, expires, never, .. } = reader;
    if policy.disabled {
        return Meaning {
            regions: Vec::new(),
            action,
            status: Status::Understood,
            reason: Cow::Borrowed(""),
            inactive: Some("disabled"),
            expires,
        };
    }
    if never {
        return Meaning {
            regions: Vec::new(),
            action,
            status: Status::Understood,
            reason: Cow::Borrowed(""),
            inactive: Some("its schedule never holds"),
            expires,
        };
    }
    let odd = policy.node.odd.first();
    let too_many = "it names more than can be followed";
    let regions = built.filter(|regions| {
        let more = regions.len().saturating_sub(1);
        let fits = more <= *left;
        *left -= if fits { more } else { 0 };
        fits
    });
    match (regions, odd) {
        (Some(regions), None) => {
            let approximated = !reasons.is_empty();
            if policy.inspects && action == Action::Permit {
                reasons.push("security profiles inspect what it permits, and may block content".into());
            }
            let status =
                if approximated || !reasons.is_empty() { Status::Approximated } else { Status::Understood };
            reasons.dedup();
            let reason = reasons.join("; ").into();
            Meaning { regions, action, status, reason, inactive: None, expires }
        }
        (_, odd) => {
            let symbol =
                Symbol::new(Side::Packet, SymbolKind::Match, &format!("{}: not understood", setting.name));
            let reason = if odd.is_some() { "a line in it is no setting" } else { too_many };
            Meaning {
                regions: vec![Region::any().when(Conditions::holds(symbol))],
                action: Action::Unknown,
                status: Status::NotUnderstood,
                reason: reason.into(),
                inactive: None,
                expires,
            }
        }
    }
}

/// Leaves the address of an end open of which only a name or the like is known: the other end tells the family, and
/// packets from one family to the other do not exist. Whoever asks for a name need not say which family its host has.
fn one_end_open(region: Region, source: &Part, destination: &Part) -> Region {
    let whole = |part: &Part| {
        let all = part.addresses == AddressSet::any_v4() || part.addresses == AddressSet::any_v6();
        all && !part.when.is_none()
    };
    if whole(destination) {
        region.to(AddressSet::any())
    } else if whole(source) {
        region.from(AddressSet::any())
    } else {
        region
    }
}

/// Reads one policy.
pub(super) struct Reader<'a, 'd, 't> {
    pub domain: &'a mut Domain<'d, 't>,
    pub policy: &'a Policy<'d, 't>,
    pub setting: Setting<'a>,
    pub reasons: Vec<Cow<'static, str>>,
    pub expires: Option<Day>,
    pub never: bool,
}

/// The sides of a policy for one family.
struct Half {
    sources: Vec<Part>,
    destinations: Vec<Part>,
    vips: Vec<Rc<VirtualIp>>,
    /// Internet services as the destination have ports of their own, instead of the policy's services.
    replaces_service: bool,
}

impl Reader<'_, '_, '_> {
    /// `None` where they are too many.
    fn regions(&mut self) -> Option<Vec<Region>> {
        let policy = self.policy;
        let is_acl = matches!(policy.kind, Kind::Acl | Kind::Acl6);
        let is_local = matches!(policy.kind, Kind::LocalInPolicy | Kind::LocalInPolicy6);
        let (in_interface, mut when) = self.interfaces(&policy.from, "srcintf", false);
        let (out_interface, out_when) = self.interfaces(&policy.to, "dstintf", is_acl || is_local);
        when = when.and(&out_when).unwrap_or_default();
        when = when.and(&self.times()).unwrap_or_default();
        when = when.and(&self.others()).unwrap_or_default();
        let identities = self.identities();
        let services = self.services()?;
        let mut regions: Vec<Region> = Vec::new();
        let mut translated: Vec<Region> = Vec::new();
        let mut frame = Region { in_interface, out_interface, conditions: when, ..Region::any() };
        let halves = self.halves()?;
        let all_services = [ServicePart::any()];
        for half in halves {
            let services = if half.replaces_service { &all_services[..] } else { &services };
            for identity in &identities {
                for source in &half.sources {
                    let Some(conditions) = frame.conditions.and(identity).and_then(|it| it.and(&source.when))
                    else {
                        continue;
                    };
                    let from = Region { source: source.addresses.clone(), conditions, ..frame.clone() };
                    for destination in &half.destinations {
                        let Some(conditions) = from.conditions.and(&destination.when) else { continue };
                        let to =
                            Region { destination: destination.addresses.clone(), conditions, ..from.clone() };
                        let to = one_end_open(to, source, destination);
                        regions.extend(services.iter().filter_map(|service| to.intersect(&service.region())));
                        if regions.len() > MOST_REGIONS {
                            return None;
                        }
                    }
                    for vip in half.vips.iter().filter(|vip| vip.is_enabled) {
                        let caught = services.iter().filter_map(|service| vip.caught_by(service));
                        translated.extend(caught.filter_map(|region| region.intersect(&from)));
                        if translated.len() > MOST_REGIONS {
                            return None;
                        }
                    }
                }
            }
        }
        // `all` in both families is everything: packets from one family to the other do not exist.
        if let [v4, v6] = regions.as_slice()
            && (&v4.source, &v4.destination) == (&AddressSet::any_v4(), &AddressSet::any_v4())
            && (&v6.source, &v6.destination) == (&AddressSet::any_v6(), &AddressSet::any_v6())
        {
            frame = Region { source: AddressSet::any(), destination: AddressSet::any(), ..v4.clone() };
            let same =
                Region { source: v6.source.clone(), destination: v6.destination.clone(), ..frame.clone() };
            if same == *v6 {
                regions = vec![frame];
            }
        }
        let mut regions = self.apart_from_virtual_ips(regions);
        regions.extend(translated);
        Some(regions)
    }

    fn action(&mut self) -> Action {
        let policy = self.policy;
        if matches!(policy.kind, Kind::Acl | Kind::Acl6) {
            return Action::Deny;
        }
        if policy.kind == Kind::Deciding {
            self.reasons.push("policies of this kind are not modelled".into());
            return Action::Unknown;
        }
        let Some(word) = policy.action else {
            // Without an action a policy denies (FortiOS CLI Reference, config firewall policy).
            return if self.setting.permits_by_default { Action::Permit } else { Action::Deny };
        };
        match &*word.text {
            // `learn` permits all to see what there is.
            "accept" | "learn" => Action::Permit,
            "deny" => Action::Deny,
            "ipsec" => {
                self.reasons.push("what comes back through the tunnel is not modelled".into());
                Action::Permit
            }
            other => {
                let message = format!("the action `{}` is not modelled", shown(other));
                self.domain.findings.problem(word.place, message.clone(), "use `accept` or `deny`");
                self.reasons.push(message.into());
                Action::Unknown
            }
        }
    }

    fn services(&mut self) -> Option<Vec<ServicePart>> {
        let policy = self.policy;
        let unspoken = policy.kind == Kind::Deciding || policy.default_ports_of_applications;
        if policy.service.is_empty() {
            if unspoken {
                return Some(vec![ServicePart::any()]);
            }
            // Internet services as the destination of one family need none; what it means for the other is not said.
            let replaced = policy.internet.iter().take(2).any(|internet| internet.enabled);
            let when = if replaced { self.own("no service") } else { self.lacks("service") };
            return Some(vec![ServicePart { when, ..ServicePart::any() }]);
        }
        let mut parts = Vec::new();
        for word in &policy.service.0 {
            parts.push(self.domain.services.named(word, &mut self.domain.findings));
        }
        let parts = match parts.as_slice() {
            [one] => one.to_vec(),
            many => service_parts::merged(many.iter().flat_map(|parts| parts.iter()))?,
        };
        if policy.service_negated { service_parts::complement(&parts) } else { Some(parts) }
    }

    fn halves(&mut self) -> Option<Vec<Half>> {
        let policy = self.policy;
        if policy.kind == Kind::Deciding {
            let any = || vec![Part::known(AddressSet::any())];
            return Some(vec![Half {
                sources: any(),
                destinations: any(),
                vips: Vec::new(),
                replaces_service: false,
            }]);
        }
        let replaces = |at: usize| policy.internet.get(at).is_some_and(|internet| internet.enabled);
        let speaks = [Family::V4, Family::V6].map(|family| (family, policy.speaks_of(index(family))));
        let mut out = Vec::new();
        if speaks.iter().all(|(_, speaks)| !speaks) {
            let when = self.lacks("srcaddr");
            let any = |when| vec![Part { addresses: AddressSet::any(), when }];
            return Some(vec![Half {
                sources: any(when),
                destinations: any(Conditions::none()),
                vips: Vec::new(),
                replaces_service: false,
            }]);
        }
        for (family, _) in speaks.into_iter().filter(|(_, speaks)| *speaks) {
            let sources = self.side(family, Side::Source)?;
            let destinations = self.side(family, Side::Destination)?;
            // A family of which the policy names one side only passes nothing.
            if let (Some((sources, _)), Some((destinations, vips))) = (sources, destinations) {
                out.push(Half { sources, destinations, vips, replaces_service: replaces(index(family)) });
            }
        }
        if out.is_empty() {
            let key = if policy.source.iter().all(List::is_empty) { "srcaddr" } else { "dstaddr" };
            let when = self.lacks(key);
            let any = |when| vec![Part { addresses: AddressSet::any(), when }];
            return Some(vec![Half {
                sources: any(when),
                destinations: any(Conditions::none()),
                vips: Vec::new(),
                replaces_service: replaces(0) || replaces(1),
            }]);
        }
        Some(out)
    }

    /// One side in one family: `Some(None)` where the policy does not speak of it, `None` where it is too much.
    #[expect(clippy::type_complexity, reason = "used right here")]
    fn side(&mut self, family: Family, side: Side) -> Option<Option<(Vec<Part>, Vec<Rc<VirtualIp>>)>> {
        let policy = self.policy;
        let at = index(family);
        let (lists, negated, internet) = match side {
            Side::Source => (&policy.source, policy.source_negated, policy.internet.get(at + 2)),
            _ => (&policy.destination, policy.destination_negated, policy.internet.get(at)),
        };
        if let Some(internet) = internet.filter(|internet| internet.enabled) {
            let services = self.domain.internet_services(side, internet);
            let chosen: Vec<Part> =
                services.into_iter().map(|when| Part { addresses: family.all(), when }).collect();
            if chosen.is_empty() {
                let when = self.lacks("internet-service-name");
                return Some(Some((vec![Part { addresses: family.all(), when }], Vec::new())));
            }
            let parts = if internet.negated {
                without(&[Part::known(family.all())], &chosen)?
            } else {
                joined(&chosen)?
            };
            return Some(Some((parts, Vec::new())));
        }
        let Some(list) = lists.get(at).filter(|list| !list.is_empty()) else { return Some(None) };
        let (parts, vips) = self.domain.addresses(family, side, list);
        let mut parts = match parts.as_slice() {
            [one] => one.to_vec(),
            many => joined(many.iter().flat_map(|parts| parts.iter()))?,
        };
        if side == Side::Source && !vips.is_empty() {
            self.reasons.push("a virtual IP as a source is not modelled".into());
            parts.push(Part { addresses: family.all(), when: self.own("source is a virtual IP") });
        }
        let Some(negated) = self.negated(family, side, &negated) else {
            let key = if side == Side::Source { "srcaddr" } else { "dstaddr" };
            self.reasons.push(
                format!("whether `{key}-negate` is for `{key}6` too hangs on the version of FortiOS").into(),
            );
            let when = self.own(&format!("{key}6 that {key}-negate may negate"));
            return Some(Some((vec![Part { addresses: family.all(), when }], Vec::new())));
        };
        if negated {
            parts = without(&[Part::known(family.all())], &parts)?;
            if !vips.is_empty() {
                self.reasons.push("all but a virtual IP is not modelled".into());
                let when = self.own("destination is not the virtual IP");
                for part in &mut parts {
                    part.when = part.when.and(&when).unwrap_or_default();
                }
            }
            return Some(Some((parts, Vec::new())));
        }
        if !vips.is_empty() && vips.iter().any(|vip| vip.unknown.is_some()) {
            self.reasons.push("not all of its virtual IP is known".into());
        }
        Some(Some((parts, vips)))
    }

    /// Whether a side is negated in a family; `None` where the file does not say.
    ///
    /// At first one key was for both families ("When enabled srcaddr/srcaddr6 specifies what the source address must
    /// NOT be", FortiOS 6.4 CLI Reference, config firewall policy); during 7.2, IPv6 got one of its own.
    fn negated(&self, family: Family, side: Side, negated: &[bool; 2]) -> Option<bool> {
        let policy = self.policy;
        let [v4, v6] = *negated;
        let [source_said, destination_said] = policy.negation6_said;
        let said = if side == Side::Source { source_said } else { destination_said };
        let of_both = matches!(policy.kind, Kind::Policy | Kind::SecurityPolicy | Kind::ConsolidatedPolicy);
        if family == Family::V4 {
            return Some(v4);
        }
        if said || !v4 || !of_both {
            return Some(v6);
        }
        match self.setting.version {
            _ if policy.kind == Kind::ConsolidatedPolicy => Some(true),
            Some(version) if version < Version::MAY_NEGATE_APART => Some(true),
            Some(version) if version >= Version::NEGATES_APART => Some(false),
            _ => None,
        }
    }

    /// What addresses catch of packets that a virtual IP translates: nothing, or all where the policy denies and says
    /// so.
    fn apart_from_virtual_ips(&mut self, regions: Vec<Region>) -> Vec<Region> {
        if self.setting.ignores_virtual_ips || self.domain.translated.is_empty() {
            return regions;
        }
        let denies = self.policy.action.is_none_or(|word| word.text == "deny");
        let matches = if denies { self.policy.match_vip } else { Some(false) };
        // On is the default from 7.2.4 on, off before it.
        let matches = matches.or(self.setting.version.map(|version| version >= Version::DENIES_VIRTUAL_IPS));
        if matches == Some(true) {
            return regions;
        }
        let mut out = Vec::new();
        for region in regions {
            let count = self.domain.translated.len();
            let few = self.domain.pairs_left >= count;
            self.domain.pairs_left = self.domain.pairs_left.saturating_sub(count);
            if few && !self.domain.translated.iter().any(|it| it.overlaps(&region)) {
                out.push(region);
                continue;
            }
            let mut left = vec![region.clone()];
            let mut caught: Vec<Region> = Vec::new();
            for translated in &self.domain.translated {
                self.domain.pairs_left = self.domain.pairs_left.saturating_sub(left.len());
                if self.domain.pairs_left == 0 {
                    break;
                }
                let mut next = Vec::with_capacity(left.len());
                for piece in left {
                    caught.extend(piece.split(translated, &mut next));
                }
                left = next;
                if left.len() + caught.len() > MOST_CUT {
                    break;
                }
            }
            if left.len() + caught.len() > MOST_CUT || self.domain.pairs_left == 0 {
                self.reasons.push("which of its packets a virtual IP translates is not followed".into());
                let when = self.own("not translated by a virtual IP");
                out.extend(region.intersect(&Region::any().when(when)));
                continue;
            }
            out.extend(left);
            if matches.is_none() {
                self.reasons.push("whether it catches virtual IPs hangs on the version of FortiOS".into());
                let symbol = Symbol::new(Side::Packet, SymbolKind::Match, "match-vip is on by default");
                let on = Region::any().when(Conditions::holds(symbol));
                out.extend(caught.iter().filter_map(|piece| piece.intersect(&on)));
            }
        }
        out
    }
}
