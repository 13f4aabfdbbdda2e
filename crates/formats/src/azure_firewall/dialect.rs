use super::model::Kind;
use super::write::Spec;
use crate::json_out::Out;

/// How a file writes its rules and collections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dialect {
    /// A policy's rules say what they are, and have `ipProtocols`; a classic firewall's have `protocols`.
    pub is_policy: bool,
    /// The properties of a collection are in an object of their own.
    pub nested: bool,
    /// The action is a text and no object with a type.
    pub plain_action: bool,
    /// PowerShell: keys in Pascal case.
    pub pascal: bool,
    /// A template, in which a text that begins with a bracket is an expression.
    pub template: bool,
}

impl Dialect {
    fn key(&self, camel: &str) -> String {
        let mut key = camel.to_owned();
        if self.pascal
            && let Some(first) = key.get_mut(..1)
        {
            first.make_ascii_uppercase();
        }
        key
    }

    fn text(&self, text: &str) -> Out {
        // `[[` is how a template writes a text that begins with a bracket.
        if self.template && text.starts_with('[') {
            Out::Text(format!("[{text}"))
        } else {
            Out::Text(text.to_owned())
        }
    }

    /// A whole rule.
    pub fn rule(&self, spec: &Spec, name: &str, description: Option<&str>) -> Out {
        let texts = |values: &[String]| Out::List(values.iter().cloned().map(Out::Text).collect());
        let mut out = vec![(self.key("name"), self.text(name))];
        if let Some(description) = description {
            out.push((self.key("description"), self.text(description)));
        }
        let mut list = |key: &str, values: &[String]| {
            if !values.is_empty() {
                out.push((self.key(key), texts(values)));
            }
        };
        list("sourceAddresses", &spec.sources);
        list("sourceIpGroups", &spec.source_groups);
        if spec.kind == Kind::Application {
            list("targetFqdns", &spec.names);
            let protocols = spec.protocols.iter().zip(&spec.ports).map(|(word, port)| {
                Out::Object(vec![
                    (self.key("protocolType"), Out::Text((*word).to_owned())),
                    (self.key("port"), Out::Number(port.parse().unwrap_or_default())),
                ])
            });
            out.push((self.key("protocols"), Out::List(protocols.collect())));
        } else {
            list("destinationAddresses", &spec.destinations);
            list("destinationIpGroups", &spec.destination_groups);
            list("destinationFqdns", &spec.names);
            list("destinationPorts", &spec.ports);
            let key = if self.is_policy { "ipProtocols" } else { "protocols" };
            let protocols = spec.protocols.iter().map(|word| Out::Text((*word).to_owned())).collect();
            out.push((self.key(key), Out::List(protocols)));
        }
        if self.is_policy {
            let kind = if spec.kind == Kind::Application { "ApplicationRule" } else { "NetworkRule" };
            out.insert(0, (self.key("ruleType"), Out::Text(kind.to_owned())));
        }
        Out::Object(out)
    }

    /// A collection with its rules.
    pub fn collection(&self, name: &str, priority: i64, permit: bool, rules: Vec<Out>) -> Out {
        let action = Out::Text(action(permit).to_owned());
        let action = if self.plain_action { action } else { Out::Object(vec![(self.key("type"), action)]) };
        let body = vec![
            (self.key("priority"), Out::Number(priority)),
            (self.key("action"), action),
            (self.key("rules"), Out::List(rules)),
        ];
        let mut out = Vec::new();
        if self.is_policy {
            let kind = Out::Text("FirewallPolicyFilterRuleCollection".to_owned());
            out.push((self.key("ruleCollectionType"), kind));
        }
        out.push((self.key("name"), self.text(name)));
        if self.nested {
            out.push((self.key("properties"), Out::Object(body)));
        } else {
            out.extend(body);
        }
        Out::Object(out)
    }
}

pub fn action(permit: bool) -> &'static str {
    if permit { "Allow" } else { "Deny" }
}
