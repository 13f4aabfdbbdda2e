use crate::Anchor;

/// Something wrong in a policy or module: the words of an error, with its places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub place: Anchor,
    /// The headline: lower case, no full stop, user text in backticks.
    pub message: String,
    /// A few words at the place.
    pub label: String,
    /// Other places that explain it, with a few words each.
    pub related: Vec<(Anchor, String)>,
    /// The one next step.
    pub help: Option<String>,
}
