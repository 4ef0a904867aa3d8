//! STEP physical files (ISO 10303-21) as they are written: numbered instances, shared ones once.

use super::super::out::{Entry, Out};
use crate::fault::Result;
use std::collections::HashMap;
use std::fmt;
use std::path::Path;

/// The name of an instance, such as `#12`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ref(u32);

impl fmt::Display for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// A STEP file being written.
pub(super) struct Step {
    out: Out,
    last: u32,
    shared: HashMap<String, Ref>,
}

impl Step {
    /// Starts `name` in `dir` with the header of an IFC4 file. The time in it is fixed: the same community is the same file.
    pub(super) fn create(dir: &Path, name: &str) -> Result<Self> {
        let mut out = Out::create(dir, name)?;
        out.put(&format!(
            "ISO-10303-21;\nHEADER;\nFILE_DESCRIPTION(('ViewDefinition [ReferenceView_V1.2]'),'2;1');\n\
             FILE_NAME({},'2026-01-01T00:00:00',(''),(''),'Cimbra','cimbra generate','');\n\
             FILE_SCHEMA(('IFC4'));\nENDSEC;\nDATA;\n",
            text(name)
        ))?;
        Ok(Self { out, last: 0, shared: HashMap::new() })
    }
    /// Writes an instance of its own.
    pub(super) fn add(&mut self, entity: &str) -> Result<Ref> {
        self.last += 1;
        self.out.put(&format!("#{}={entity};\n", self.last))?;
        Ok(Ref(self.last))
    }
    /// Writes an instance without identity (a point, a profile, a property), or gives the equal one written before.
    pub(super) fn share(&mut self, entity: String) -> Result<Ref> {
        self.share_as(entity.clone(), &entity)
    }
    /// As [`Self::share`], where equal instances of different purpose are told apart by `key`.
    pub(super) fn share_as(&mut self, key: String, entity: &str) -> Result<Ref> {
        if let Some(&known) = self.shared.get(&key) {
            return Ok(known);
        }
        let made = self.add(entity)?;
        self.shared.insert(key, made);
        Ok(made)
    }
    /// Ends the file.
    pub(super) fn finish(mut self) -> Result<Entry> {
        self.out.put("ENDSEC;\nEND-ISO-10303-21;\n")?;
        self.out.finish()
    }
}

/// A string literal: what is not printable ASCII as `\X2\` or `\X4\` runs (ISO 10303-21 §6.4.3.4).
pub(super) fn text(words: &str) -> String {
    let mut literal = String::from("'");
    let mut wide = false;
    for c in words.chars() {
        let is_wide = !matches!(c, ' '..='~');
        if is_wide && c > '\u{ffff}' {
            if std::mem::take(&mut wide) {
                literal.push_str("\\X0\\");
            }
            literal.push_str(&format!("\\X4\\{:08X}\\X0\\", u32::from(c)));
            continue;
        }
        if is_wide != wide {
            literal.push_str(if is_wide { "\\X2\\" } else { "\\X0\\" });
            wide = is_wide;
        }
        match c {
            c if is_wide => literal.push_str(&format!("{:04X}", u32::from(c))),
            '\'' => literal.push_str("''"),
            '\\' => literal.push_str("\\\\"),
            c => literal.push(c),
        }
    }
    literal.push_str(if wide { "\\X0\\'" } else { "'" });
    literal
}

/// A property's value in words; nothing for no words.
pub(super) fn label(words: &str) -> Option<String> {
    (!words.is_empty()).then(|| format!("IFCLABEL({})", text(words)))
}

/// A property's value as a number of things.
pub(super) fn count(n: impl std::fmt::Display) -> Option<String> {
    Some(format!("IFCINTEGER({n})"))
}

/// Millimetres as a real number of metres.
pub(super) fn metres(millimetres: i32) -> String {
    format!("{:?}", f64::from(millimetres) / 1_000.0)
}

/// A list of references.
pub(super) fn list(refs: &[Ref]) -> String {
    let names: Vec<String> = refs.iter().map(Ref::to_string).collect();
    format!("({})", names.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_as_the_standard_says() {
        assert_eq!(text("O'Hara \\ B"), "'O''Hara \\\\ B'");
        assert_eq!(text("3号楼A"), "'3\\X2\\53F7697C\\X0\\A'");
        assert_eq!(text("厨\u{20000}房"), "'\\X2\\53A8\\X0\\\\X4\\00020000\\X0\\\\X2\\623F\\X0\\'");
        assert_eq!(metres(-150), "-0.15");
        assert_eq!(metres(28_000), "28.0");
    }
}
