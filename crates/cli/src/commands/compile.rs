use std::path::Path;

use compiler::{CompileOptions, Family, FirewallValue, Problem, compile, firewalls};
use diagnostics::{Finding, Level, full, sort};
use formats::FORMATS;

use crate::arguments::{Compile, FamilyName, Inputs};
use crate::error::Error;
use crate::load::{Loaded, load, read_text};
use crate::output;
use crate::status::Status;

pub fn run(arguments: &Compile) -> Result<Status, Error> {
    let format = formats::find(&arguments.to).ok_or_else(|| {
        let known: Vec<&str> = FORMATS.iter().map(|format| format.name()).collect();
        let guess = syntax::similar_name(&arguments.to, known.iter().copied());
        let help = guess.map_or_else(
            || format!("use one of {}", known.join(", ")),
            |guess| format!("did you mean `{guess}`?"),
        );
        Error::usage(format!("no format is called `{}`", arguments.to), help)
    })?;
    let policies = arguments.policies.clone();
    let inputs = Inputs { policies, export: Vec::new(), as_of: Some("2000-01-01".to_owned()), strict: false };
    let loaded = load(&inputs, false)?;
    let (db, project) = (&loaded.db, loaded.project);
    let wrong = compiler::check_policy(db, project);
    if !wrong.is_empty() {
        return Ok(refused(&loaded, wrong));
    }
    let firewall = chosen(&loaded, arguments.firewall.as_deref())?;
    let family = arguments.family.map(|family| match family {
        FamilyName::Ipv4 => Family::V4,
        FamilyName::Ipv6 => Family::V6,
    });
    let mapping = match &arguments.mapping {
        Some(path) => Some(read_text(path)?.0),
        None => None,
    };
    let options = CompileOptions { optional: arguments.optional, family, mapping };
    let compiled = match compile(db, project, &firewall, format, &options) {
        Ok(compiled) => compiled,
        Err(problems) => return Ok(refused(&loaded, problems)),
    };
    let rules: usize = compiled.listings.iter().map(|listing| listing.rules.len()).sum();
    if rules == 0 {
        return Err(Error::usage(
            format!("the policies require nothing that passes `{}`", firewall.name),
            "add flows, or change what the firewall guards",
        ));
    }
    match &arguments.output {
        None => output::answer(&compiled.text)?,
        Some(path) if path.exists() => output::write_file(path, compiled.text.as_bytes())?,
        Some(path) => output::create_file(path, compiled.text.as_bytes())?,
    }
    let to =
        arguments.output.as_deref().map(Path::display).map_or(String::new(), |path| format!(" to {path}"));
    output::say(&format!(
        "wrote {rules} {} of `{}` as {}{to}: read back, and equal to the policy",
        if rules == 1 { "rule" } else { "rules" },
        firewall.name,
        format.name(),
    ));
    if let Some(silent) = compiled.silent {
        let (name, flag) = match silent {
            Family::V4 => ("IPv4", "ipv4"),
            Family::V6 => ("IPv6", "ipv6"),
        };
        output::say(&format!("it says nothing of {name}: `--family {flag}` writes what belongs there"));
    }
    Ok(Status::Clean)
}

/// The firewall to write for: the one that is named, or the only one; where there is none, one that all flows pass.
fn chosen(loaded: &Loaded, name: Option<&str>) -> Result<FirewallValue, Error> {
    let mut all = firewalls(&loaded.db, loaded.project);
    let names = all.iter().map(|firewall| format!("`{}`", firewall.name)).collect::<Vec<_>>().join(", ");
    match name {
        Some(name) => all.into_iter().find(|firewall| *firewall.name == *name).ok_or_else(|| {
            let help = if names.is_empty() {
                "the policies have none".to_owned()
            } else {
                format!("use one of {names}")
            };
            Error::usage(format!("the policies have no firewall `{name}`"), help)
        }),
        None if all.len() > 1 => Err(Error::usage(
            "the policies have several firewalls, and any of them could be meant",
            format!("add `--firewall NAME`: one of {names}"),
        )),
        None => Ok(all.pop().unwrap_or_else(|| FirewallValue::of_all_flows("policy"))),
    }
}

/// Shows why nothing is written.
fn refused(loaded: &Loaded, problems: Vec<Problem>) -> Status {
    let findings = problems.into_iter().map(|problem| {
        let mut finding =
            Finding::new("compile", Level::Error, problem.message).primary(problem.place, problem.label);
        for (place, text) in problem.related {
            finding = finding.secondary(place, text);
        }
        finding.help = problem.help;
        finding
    });
    let (mut findings, files) = loaded.concretize(findings.collect());
    sort(&mut findings, &files);
    eprint!("{}", full(&findings, &files, output::style()));
    output::say("nothing is written");
    Status::CouldNot
}
