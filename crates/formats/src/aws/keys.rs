use crate::json::Value;

/// How a program spells the keys of the API: `IpPermissions` (command line), `ipPermissions` (other SDKs),
/// `ip_permissions` (Ansible).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    #[default]
    Pascal,
    Camel,
    Snake,
}

/// The longest key that is known, with room for underscores.
pub const LONGEST: usize = 40;

/// The key in lower case and without underscores, so that one spelling stands for all; empty, which is no key, where it
/// is longer than any that is known.
pub fn folded<'b>(key: &str, buffer: &'b mut [u8; LONGEST]) -> &'b str {
    let mut length = 0;
    for byte in key.bytes().filter(|byte| *byte != b'_') {
        let Some(slot) = buffer.get_mut(length) else { return "" };
        *slot = byte.to_ascii_lowercase();
        length += 1;
    }
    buffer.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
}

/// The first member of an object whose key folds to `name`.
pub fn get<'j>(object: Value<'j>, name: &str) -> Option<Value<'j>> {
    let mut buffer = [0; LONGEST];
    object.members().find(|member| folded(&member.name, &mut buffer) == name).map(|member| member.value)
}

impl Style {
    /// The style that a key shows, where it shows one.
    pub fn of(key: &str) -> Style {
        if key.starts_with(|first: char| first.is_ascii_uppercase()) {
            Style::Pascal
        } else if key.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Style::Camel
        } else {
            Style::Snake
        }
    }

    /// A key of the command line in this style.
    pub fn key(self, pascal: &str) -> String {
        match self {
            Style::Pascal => pascal.to_owned(),
            Style::Camel => {
                let mut key = pascal.to_owned();
                if let Some(first) = key.get_mut(..1) {
                    first.make_ascii_lowercase();
                }
                key
            }
            Style::Snake => {
                let mut key = String::with_capacity(pascal.len() + 4);
                for character in pascal.chars() {
                    if character.is_ascii_uppercase() && !key.is_empty() {
                        key.push('_');
                    }
                    key.push(character.to_ascii_lowercase());
                }
                key
            }
        }
    }
}
