use std::fmt::Write;
use std::net::IpAddr;

use compiler::{Facts, FlowError, network_interfaces, parse_flow, questions};
use diagnostics::{LineIndex, printable};
use formats::{Export, RuleSetExport};
use serde::{Deserialize, Serialize};
use serde_json::json;
use space::{Decider, Effort, Endpoint, Judgement, Packet, Question, Verdict, judge, protocol};

use crate::arguments::{Query, TextOrJson};
use crate::commands::import::{open, pick};
use crate::error::Error;
use crate::load::{line_of, read_text, shown};
use crate::output;
use crate::status::Status;

pub fn run(arguments: &Query) -> Result<Status, Error> {
    let opened = open(&arguments.export)?;
    let rule_set = pick(&opened.export, arguments.rule_set.as_deref())?;
    let asked = Asked { path: &opened.path, text: &opened.text, export: &opened.export, rule_set };
    let answer = match (&arguments.packets, &arguments.flow) {
        (Some(packets), _) => asked.packets(packets)?,
        (None, Some(flow)) => asked.flow(flow, arguments.format)?,
        (None, None) => String::new(),
    };
    output::answer(&answer)?;
    Ok(Status::Clean)
}

struct Asked<'a> {
    path: &'a str,
    text: &'a str,
    export: &'a Export,
    rule_set: &'a RuleSetExport,
}

impl Asked<'_> {
    fn judge(&self, question: &Question) -> Result<Judgement, Error> {
        judge(question, &self.rule_set.rules, &Effort::usual()).map_err(|exhausted| {
            Error::usage(
                format!("the answer takes more than {} region operations", exhausted.limit),
                "ask for less at once: fewer addresses, or one service",
            )
        })
    }

    /// A rule set that keeps no state is asked about the packet that begins a flow, as one that does.
    fn first(&self, question: Question) -> Question {
        if self.rule_set.stateful { question } else { compiler::first_packet(&question) }
    }

    /// The name of a decider, and its line where it stands in the file.
    fn decider(&self, decider: Decider) -> (String, Option<u32>) {
        let (name, place) = match decider {
            Decider::Rule(id) => self.rule_set.entry(id).map(|entry| (entry.name.clone(), Some(entry.place))),
            Decider::Default(stage) => {
                self.rule_set.stages.get(stage).map(|stage| (stage.name.clone(), stage.place))
            }
        }
        .unwrap_or_default();
        (name, place.map(|place| line_of(self.text, place.start)))
    }

    fn flow(&self, flow: &str, format: TextOrJson) -> Result<String, Error> {
        let (from, to, services) = parse_flow(flow).map_err(|error| {
            let FlowError { range, message, help } = *error;
            let (line, column) = LineIndex::new(flow).line_column(range.start);
            let help = help.unwrap_or_else(|| "write `SOURCE -> DESTINATION SERVICE`".to_owned());
            Error::Input { path: "the flow".to_owned(), line, column, message, help }
        })?;
        let mut judgements = Vec::new();
        // A question is about one choice; the choices of `|` are answered one after the other.
        for parts in &services.choices {
            for question in questions(&from, &to, parts, &Facts::default()) {
                judgements.push(self.judge(&self.first(question))?);
            }
        }
        let mut text = String::new();
        let mut parts = Vec::new();
        let verdict = |verdict: Verdict| match verdict {
            Verdict::Met => "permit",
            Verdict::Missing => "deny",
            Verdict::Partial => "in part",
            Verdict::Undecided => "either",
        };
        for judgement in &judgements {
            for (word, set) in
                [("permit", &judgement.permitted), ("deny", &judgement.denied), ("either", &judgement.either)]
            {
                for region in &set.regions {
                    let by: Vec<Decider> = judgement
                        .pieces
                        .iter()
                        .filter(|piece| piece.region.packets_only().overlaps(&region.packets_only()))
                        .map(|piece| piece.decider)
                        .collect();
                    let mut names: Vec<(String, Option<u32>)> = Vec::new();
                    for decider in by {
                        let name = self.decider(decider);
                        if !names.contains(&name) {
                            names.push(name);
                        }
                    }
                    let _ = writeln!(text, "{word}: {}", printable(&region.to_string()));
                    for (name, line) in &names {
                        let line = line.map_or_else(String::new, |line| format!(" at {}:{line}", self.path));
                        let _ = writeln!(text, "    by {}{line}", printable(name));
                    }
                    let rules: Vec<_> = names
                        .iter()
                        .map(|(name, line)| json!({ "rule": name, "file": self.path, "line": line }))
                        .collect();
                    parts.push(json!({ "decision": word, "region": region.to_string(), "by": rules }));
                }
            }
        }
        if format == TextOrJson::Full {
            return Ok(text);
        }
        let all: Vec<&str> = judgements.iter().map(|judgement| verdict(judgement.verdict())).collect();
        let decision = match all.as_slice() {
            [] => "none",
            [first, rest @ ..] if rest.iter().all(|other| other == first) => first,
            _ if all.contains(&"either") => "either",
            _ => "in part",
        };
        let whole = json!({
            "schema": "flowright.query/1",
            "rule_set": self.rule_set.name,
            "format": self.export.format,
            "decision": decision,
            "parts": parts,
        });
        Ok(format!("{whole:#}\n"))
    }

    fn packets(&self, path: &str) -> Result<String, Error> {
        let (lines, _) = read_text(path)?;
        let mut out = String::with_capacity(lines.len() * 2);
        for (index, line) in lines.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let wrong = |column: usize, message: String, help: &str| Error::Input {
                path: shown(path),
                line: u32::try_from(index + 1).unwrap_or(u32::MAX),
                column: u32::try_from(column.max(1)).unwrap_or(u32::MAX),
                message,
                help: help.to_owned(),
            };
            let asked: PacketLine = serde_json::from_str(line).map_err(|error| {
                let help = "a line is an object such as {\"src\":\"10.0.0.1\",\"dst\":\"192.0.2.1\",\"protocol\":\"tcp\",\"dst_port\":443}";
                let said = error.to_string();
                let what = said.split(" at line ").next().unwrap_or_default();
                wrong(error.column(), format!("this is no packet: {what}"), help)
            })?;
            let packet = asked.packet().map_err(|(message, help)| wrong(1, message, help))?;
            let mut question = self.first(packet.question());
            if packet.in_interface.is_none() {
                question.region.in_interface = network_interfaces();
            }
            let judgement = self.judge(&question)?;
            let decision = match judgement.verdict() {
                Verdict::Met => "permit",
                Verdict::Missing => "deny",
                Verdict::Partial | Verdict::Undecided => "either",
            };
            let by = judgement.pieces.first().map(|piece| self.decider(piece.decider)).unwrap_or_default();
            let answer = Decided { packet: asked, decision, rule: by.0, file: self.path, line: by.1 };
            out.push_str(&serde_json::to_string(&answer).map_err(|error| Error::Output(error.into()))?);
            out.push('\n');
        }
        Ok(out)
    }
}

/// One line of `--packets`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct PacketLine {
    src: String,
    dst: String,
    protocol: serde_json::Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    src_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dst_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_interface: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    out_interface: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icmp_type: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icmp_code: Option<u8>,
}

/// The same with the answer.
#[derive(Serialize)]
struct Decided<'a> {
    #[serde(flatten)]
    packet: PacketLine,
    decision: &'static str,
    rule: String,
    file: &'a str,
    line: Option<u32>,
}

impl PacketLine {
    fn packet(&self) -> Result<Packet, (String, &'static str)> {
        let protocol = match &self.protocol {
            serde_json::Value::String(name) => protocol::number(name),
            serde_json::Value::Number(number) => number.as_u64().and_then(|number| u8::try_from(number).ok()),
            _ => None,
        };
        let help = "use a name such as \"tcp\", or a number from 0 to 255";
        let protocol = protocol.ok_or_else(|| (format!("`{}` is no protocol", self.protocol), help))?;
        let icmp = protocol::is_icmp(protocol);
        if !protocol::has_ports(protocol) && (self.src_port.is_some() || self.dst_port.is_some()) {
            return Err(("this protocol has no ports".to_owned(), "leave `src_port` and `dst_port` out"));
        }
        if !icmp && (self.icmp_type.is_some() || self.icmp_code.is_some()) {
            return Err(("only ICMP has a type".to_owned(), "leave `icmp_type` and `icmp_code` out"));
        }
        if self.icmp_type.is_none() && self.icmp_code.is_some() {
            return Err(("an ICMP code without a type means nothing".to_owned(), "add `icmp_type`"));
        }
        let endpoint = |text: &str| -> Result<Endpoint, (String, &'static str)> {
            if let Ok(address) = text.parse::<IpAddr>() {
                return Ok(Endpoint::Address(address));
            }
            let numeric = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '/'));
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
            if numeric || text.is_empty() || !text.chars().all(fits) {
                let help = "use one address or one host name";
                return Err((format!("`{}` is no address and no name", printable(text)), help));
            }
            Ok(Endpoint::Name(text.to_owned()))
        };
        let icmp_type =
            self.icmp_type.map(|number| (u16::from(number) << 8) | u16::from(self.icmp_code.unwrap_or(0)));
        Ok(Packet {
            source: endpoint(&self.src)?,
            destination: endpoint(&self.dst)?,
            protocol,
            source_port: self.src_port,
            destination_port: if icmp { icmp_type } else { self.dst_port },
            in_interface: self.in_interface.clone(),
            out_interface: self.out_interface.clone(),
        })
    }
}
