//! Commands of the top level that are more than a section or a list.

use diagnostics::TextRange;

use super::config::Route;
use super::parse::Reader;
use super::values::{self, Addresses};
use super::words::Words;
use crate::{ImportError, Problem, Status};

impl<'a> Reader<'a> {
    pub fn ip(&mut self, mut rest: Words<'a>, words: Words<'a>, place: TextRange) {
        match rest.next().map(|word| word.text) {
            // PIX 6: `ip address outside 192.0.2.1 255.255.255.0`.
            Some("address") => {
                let name = rest.next().map(|word| word.text);
                let at = name.and_then(|name| self.old_names.get(name)).copied();
                match at {
                    Some(at) => self.interface_address(at, rest, place),
                    None => self.irrelevant(words, place, "an address of no interface"),
                }
            }
            Some("access-group") => {
                self.obscure(words, place, false, Status::NotUnderstood, "a command of IOS, not of the ASA");
            }
            _ => self.irrelevant(words, place, "address pools, and checks of where packets come from"),
        }
    }

    pub fn ipv6(
        &mut self,
        mut rest: Words<'a>,
        words: Words<'a>,
        place: TextRange,
    ) -> Result<(), ImportError> {
        match rest.peek() {
            Some("access-list") => {
                rest.next();
                self.old_style = true;
                return self.access_list(rest, false, place, true);
            }
            Some("route") => {
                rest.next();
                self.route(rest, words, place);
            }
            _ => self.irrelevant(words, place, "a setting of IPv6, which filters nothing"),
        }
        Ok(())
    }

    /// `route outside 0.0.0.0 0.0.0.0 192.0.2.1 1`
    pub fn route(&mut self, mut rest: Words<'a>, words: Words<'a>, place: TextRange) {
        self.config.mentions.push(words);
        let interface = rest.next();
        let net = values::subnet(&mut rest, &self.config.aliases);
        let known = match net {
            Ok(Addresses::Known(set)) => Some(set.prefixes()),
            _ => None,
        };
        let (Some(interface), Some([to])) = (interface, known.as_deref()) else {
            self.config.dynamic_routes = true;
            self.push(place, Status::Approximated, "a route whose network is not known");
            return;
        };
        rest.next();
        let metric = rest.peek().and_then(|metric| metric.parse().ok()).unwrap_or(1);
        if rest.any(|word| word.text == "tunneled") {
            self.push(place, Status::Irrelevant, "a route for what comes out of tunnels");
            return;
        }
        self.config.routes.push(Route { interface: interface.text, to: *to, metric });
        self.push(place, Status::Understood, "");
    }

    pub fn same_security(&mut self, mut rest: Words<'a>, words: Words<'a>, place: TextRange) {
        match (rest.next().map(|word| word.text), rest.next().map(|word| word.text)) {
            (Some("permit"), Some("inter-interface")) => self.config.same_security.inter = Some(place),
            (Some("permit"), Some("intra-interface")) => self.config.same_security.intra = Some(place),
            _ => {
                self.obscure(words, place, false, Status::NotUnderstood, "not a form that is known");
                return;
            }
        }
        self.push(place, Status::Understood, "");
    }

    pub fn no(&mut self, mut rest: Words<'a>, words: Words<'a>, place: TextRange) {
        match rest.peek() {
            Some("access-list") => {
                rest.next();
                let name = rest.next();
                match (name, rest.peek()) {
                    (Some(name), None) => self.clear_list(Some(name.text), place),
                    _ => self.obscure(words, place, false, Status::NotUnderstood, "takes a line away"),
                }
            }
            Some(
                "access-group" | "object" | "object-group" | "interface" | "name" | "route" | "time-range",
            ) => {
                self.obscure(words, place, false, Status::NotUnderstood, "takes something away");
            }
            _ => self.irrelevant(words, place, "a setting that is off"),
        }
    }

    pub fn clear(&mut self, mut rest: Words<'a>, words: Words<'a>, place: TextRange) {
        let what = rest.next().map_or("", |word| word.text);
        if !what.starts_with("conf") {
            self.irrelevant(words, place, "clears what is not configuration");
            return;
        }
        match rest.next().map(|word| word.text) {
            Some("access-list") => {
                let name = rest.next().map(|word| word.text);
                self.clear_list(name, place);
            }
            Some(what) if self.has(what) => {
                self.obscure(words, place, false, Status::NotUnderstood, "takes something away");
            }
            _ => self.irrelevant(words, place, "clears what was there before"),
        }
    }

    /// Whether the file had something of this kind so far.
    fn has(&self, what: &str) -> bool {
        let config = &self.config;
        match what {
            "object" | "object-group" => !config.definitions.is_empty(),
            "access-group" => !config.bindings.is_empty(),
            "interface" => !config.interfaces.is_empty(),
            "all" => {
                !config.definitions.is_empty() || !config.lists.is_empty() || !config.interfaces.is_empty()
            }
            _ => false,
        }
    }

    pub fn asks_users(&self, mut rest: Words<'a>) -> bool {
        let kind = rest.next().map_or("", |word| word.text);
        let how = rest.next().map_or("", |word| word.text);
        matches!(kind, "authentication" | "authorization") && matches!(how, "match" | "include")
    }

    pub fn nat(&mut self, word: &str, rest: Words<'a>, words: Words<'a>, place: TextRange) {
        // `static` and `global` went with 8.3, and with them lists that name mapped addresses.
        let old = matches!(word, "static" | "global");
        self.old_style |= old;
        if word == "static" && !self.translated && rest.peek().is_some() {
            self.translated = true;
            self.config.problems.push(Problem {
                place,
                message: "access lists name the translated addresses here, as before ASA 8.3".to_owned(),
                help: "give roles the addresses that `static` maps to where a rule is to match them"
                    .to_owned(),
            });
        }
        let reason = if old {
            "address translation: the access lists name the mapped address"
        } else {
            "address translation: the access lists name the real address (since ASA 8.3)"
        };
        self.irrelevant(words, place, reason);
    }

    /// What comes out of a tunnel is not asked about: `sysopt connection permit-vpn` is the default.
    pub fn tunnels(&mut self, word: &str, mut rest: Words<'a>, place: TextRange) {
        let ends_here = word == "crypto" && rest.next().is_some_and(|it| it.text == "map") && {
            rest.next();
            rest.next().is_some_and(|it| it.text == "interface")
        };
        if ends_here && !self.told_of_tunnels && !self.filters_tunnels {
            self.told_of_tunnels = true;
            self.config.problems.push(Problem {
                place,
                message: "what comes out of a VPN tunnel passes the access lists unasked".to_owned(),
                help: "ask about flows from a tunnel by its `vpn-filter`, or set `no sysopt connection permit-vpn`"
                    .to_owned(),
            });
        }
    }
}
