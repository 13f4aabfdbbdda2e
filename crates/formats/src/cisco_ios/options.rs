//! What may stand at the end of an entry: flags, other matches, logging, and what `show` adds.

use space::protocol;

use super::ace::{Reader, is_one};
use super::lines::short;
use super::model::{Ace, FlagMode, Flags};
use super::names;

impl<'a> Reader<'a, '_, '_> {
    /// Reads to the end of the entry.
    pub fn options(&mut self, ace: &mut Ace<'a>) -> Result<(), String> {
        let tcp = is_one(&ace.protocol, protocol::TCP);
        while let Some(word) = self.words.get(self.at).copied() {
            self.at += 1;
            match word.text {
                "established" if tcp => ace.established = true,
                "log" | "log-input" => {
                    ace.logs = true;
                    // A cookie for the log may follow: a word that is nothing else.
                    if self.at + 1 == self.words.len() && self.peek().is_some_and(|word| !is_keyword(word)) {
                        self.at += 1;
                    }
                }
                "fragments" | "fragment" => ace.fragments = true,
                "time-range" => {
                    let name = self.next("the name of the time range")?;
                    ace.time_range = Some((name.text, name.place()));
                    if matches!(self.peek(), Some("(active)" | "(inactive)")) {
                        self.at += 1;
                    }
                }
                "reflect" => {
                    ace.reflect = Some(self.next("the name of the reflexive list")?.text);
                    if self.peek() == Some("timeout") {
                        self.at += 2;
                    }
                }
                "match-any" | "match-all" if tcp => self.signed_flags(ace, word.text),
                "dscp" | "precedence" | "tos" | "option" | "flow-label" | "routing-type"
                | "mobility-type" | "dest-option-type" | "cos" | "http-method" | "tcp-option-length"
                | "fragment-type" => {
                    let value = self.next("a value")?;
                    ace.shared.push(format!("{} {}", word.text, short(value.text)));
                }
                "ttl" | "packet-length" => self.compared(ace, word.text)?,
                "routing"
                | "mobility"
                | "dest-option"
                | "hbh"
                | "auth"
                | "undetermined-transport"
                | "tracked" => {
                    ace.shared.push(word.text.to_owned());
                }
                // Counters and numbers that `show` adds, and what is done beside the verdict.
                "sequence" | "counter" | "set" => self.at += 1,
                "capture" | "count" => {
                    if self.peek() == Some("session") {
                        self.at += 2;
                    }
                }
                text if text.starts_with("check=") => {}
                text if text.starts_with(['(', '[']) => self.brackets(text),
                text => match names::tcp_flag(text) {
                    Some(bit) if tcp => old_flag(ace, bit, text),
                    _ => ace.unknown.push(short(text)),
                },
            }
        }
        if self.at > self.words.len() {
            return Err("a value is missing at the end".to_owned());
        }
        Ok(())
    }

    /// `ttl lt 5`, `packet-length range 100 200`; EOS writes `ttl eq 5`, and NX-OS `ttl 200`.
    fn compared(&mut self, ace: &mut Ace<'a>, what: &str) -> Result<(), String> {
        let mut text = what.to_owned();
        let operator = self.next("a value")?;
        let values = match operator.text {
            "eq" | "neq" | "gt" | "lt" => 1,
            "range" => 2,
            _ => 0,
        };
        text.push(' ');
        text.push_str(&short(operator.text));
        for _ in 0..values {
            text.push(' ');
            text.push_str(&short(self.next("a value")?.text));
        }
        ace.shared.push(text);
        Ok(())
    }

    /// `match-any +ack +rst`
    fn signed_flags(&mut self, ace: &mut Ace<'a>, mode: &str) {
        let mut flags = Flags {
            set: 0,
            clear: 0,
            mode: if mode == "match-all" { FlagMode::All } else { FlagMode::Any },
            text: mode.to_owned(),
        };
        while let Some(word) = self.peek() {
            let (sign, name) = word.split_at_checked(1).unwrap_or(("", word));
            match (sign, names::tcp_flag(name)) {
                ("+", Some(bit)) => flags.set |= bit,
                ("-", Some(bit)) => flags.clear |= bit,
                _ => break,
            }
            flags.text.push(' ');
            flags.text.push_str(word);
            self.at += 1;
        }
        if flags.set == 0 && flags.clear == 0 || ace.flags.is_some() {
            ace.unknown.push(flags.text);
        } else {
            ace.flags = Some(flags);
        }
    }

    /// `(12 matches)`, `[match=66]`: to the closing bracket.
    fn brackets(&mut self, first: &str) {
        let close = if first.starts_with('(') { ')' } else { ']' };
        if first.ends_with(close) {
            return;
        }
        while let Some(word) = self.peek() {
            self.at += 1;
            if word.ends_with(close) {
                return;
            }
        }
    }
}

/// `ack rst`: the flags that older entries name one after the other.
fn old_flag(ace: &mut Ace<'_>, bit: u8, text: &str) {
    match &mut ace.flags {
        None => ace.flags = Some(Flags { set: bit, clear: 0, mode: FlagMode::Any, text: text.to_owned() }),
        Some(flags) => {
            flags.set |= bit;
            flags.mode = FlagMode::Unsaid;
            flags.text.push(' ');
            flags.text.push_str(text);
        }
    }
}

fn is_keyword(word: &str) -> bool {
    word.starts_with(['(', '['])
        || names::tcp_flag(word).is_some()
        || matches!(
            word,
            "established"
                | "fragments"
                | "time-range"
                | "reflect"
                | "dscp"
                | "precedence"
                | "tos"
                | "option"
                | "ttl"
                | "sequence"
                | "match-any"
                | "match-all"
                | "capture"
                | "log"
                | "log-input"
        )
}
