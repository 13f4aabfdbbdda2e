//! Bytes to text: exports come as UTF-8, with a byte order mark, as UTF-16, or as Latin-1.

/// How a file was written, so that it can be written back the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Utf8WithMark,
    Utf16LittleEndian,
    Utf16BigEndian,
    /// ISO 8859-1: every byte is the character of that number.
    Latin1,
}

/// Why bytes are no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotText {
    /// The first byte that is to blame.
    pub offset: usize,
    pub reason: &'static str,
}

/// Decodes an export. Only UTF-16 with half a character in it, and bytes that no text has (NUL), are refused.
pub fn decode(bytes: &[u8]) -> Result<(String, Encoding), NotText> {
    if let Some(rest) = bytes.strip_prefix(&[0xFF, 0xFE]) {
        return utf16(rest, u16::from_le_bytes).map(|text| (text, Encoding::Utf16LittleEndian));
    }
    if let Some(rest) = bytes.strip_prefix(&[0xFE, 0xFF]) {
        return utf16(rest, u16::from_be_bytes).map(|text| (text, Encoding::Utf16BigEndian));
    }
    let (rest, encoding) = match bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]) {
        Some(rest) => (rest, Encoding::Utf8WithMark),
        None => (bytes, Encoding::Utf8),
    };
    if let Some(offset) = memchr::memchr(0, rest) {
        return Err(NotText {
            offset,
            reason: "a NUL byte: this is no text (or UTF-16 without a byte order mark)",
        });
    }
    Ok(match std::str::from_utf8(rest) {
        Ok(text) => (text.to_owned(), encoding),
        Err(_) => (rest.iter().map(|byte| char::from(*byte)).collect(), Encoding::Latin1),
    })
}

/// Writes `text` the way it came. Characters that Latin-1 does not have turn the file into UTF-8.
pub fn encode(text: &str, encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Utf8 => text.as_bytes().to_vec(),
        Encoding::Utf8WithMark => [&[0xEF, 0xBB, 0xBF], text.as_bytes()].concat(),
        Encoding::Utf16LittleEndian => {
            [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
        }
        Encoding::Utf16BigEndian => {
            [0xFE, 0xFF].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect()
        }
        Encoding::Latin1 => match text.chars().map(|c| u8::try_from(u32::from(c))).collect() {
            Ok(bytes) => bytes,
            Err(_) => text.as_bytes().to_vec(),
        },
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, NotText> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(NotText { offset: bytes.len() + 1, reason: "UTF-16 that ends in half a character" });
    }
    let mut text = String::with_capacity(pairs.len());
    for (at, character) in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).enumerate() {
        match character {
            Ok('\0') => {
                return Err(NotText { offset: 2 + 2 * at, reason: "a NUL character: this is no text" });
            }
            Ok(character) => text.push(character),
            Err(_) => return Err(NotText { offset: 2 + 2 * at, reason: "half a character of UTF-16" }),
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_comes_back() {
        let texts = ["", "-A FORWARD -j DROP\n", "Büro", "日本 🙂"];
        for text in texts {
            for encoding in [
                Encoding::Utf8,
                Encoding::Utf8WithMark,
                Encoding::Utf16LittleEndian,
                Encoding::Utf16BigEndian,
            ] {
                assert_eq!(decode(&encode(text, encoding)), Ok((text.to_owned(), encoding)));
            }
        }
        assert_eq!(decode(&encode("Büro", Encoding::Latin1)), Ok(("Büro".to_owned(), Encoding::Latin1)));
    }

    #[test]
    fn what_is_no_text_is_refused() {
        assert_eq!(decode(b"ab\0c").map_err(|error| error.offset), Err(2));
        assert_eq!(decode(&[0xFF, 0xFE, 0x41]).map_err(|error| error.offset), Err(2));
        assert!(decode(&[0xFF, 0xFE, 0x00, 0xD8]).is_err());
    }
}
