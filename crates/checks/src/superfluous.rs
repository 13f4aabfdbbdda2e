use space::{Action, Decider, Effort, Exhausted, Rule, RuleSet, Shadow, redundant, shadowed};

/// Which rules of a rule set can go.
///
/// What a rule does that is not understood may be nothing at all; so a rule can go only if it can with such rules there,
/// and can with them gone.
pub(crate) struct Superfluous<'a> {
    rules: &'a RuleSet,
    /// Without the rules whose action is not known, where there are some.
    understood: Option<RuleSet>,
}

impl<'a> Superfluous<'a> {
    pub fn of(rules: &'a RuleSet) -> Self {
        let unknown = |rule: &Rule| rule.action == Action::Unknown;
        let understood = rules.rules().any(unknown).then(|| {
            let mut rules = rules.clone();
            for chain in &mut rules.chains {
                let known: Vec<Rule> = chain.rules.iter().filter(|rule| !unknown(rule)).cloned().collect();
                *chain = known.into();
            }
            rules
        });
        Superfluous { rules, understood }
    }

    /// Whether earlier rules, all of them understood, leave nothing to `rule`.
    pub fn shadow(&self, rule: &Rule, effort: &Effort<'_>) -> Result<Option<Shadow>, Exhausted> {
        if rule.action == Action::Unknown {
            return Ok(None);
        }
        shadowed(rule, self.understood.as_ref().unwrap_or(self.rules), effort)
    }

    /// Whether something comes as far as `rule` and removing it changes nothing: then, who would decide.
    pub fn redundant(&self, rule: &Rule, effort: &Effort<'_>) -> Result<Option<Vec<Decider>>, Exhausted> {
        if rule.action == Action::Unknown || self.shadow(rule, effort)?.is_some() {
            return Ok(None);
        }
        match &self.understood {
            Some(understood) if redundant(rule, understood, effort)?.is_none() => Ok(None),
            _ => redundant(rule, self.rules, effort),
        }
    }
}
