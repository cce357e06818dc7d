//! Which schemas of others we read with. Reading recurses along the schema and loops along the data, so a schema must
//! bound the first, and spend at least a byte on whatever can be repeated.

use std::collections::HashMap;

use apache_avro::schema::Schema;

/// Deepest nesting of types.
const MAX_DEPTH: usize = 64;

/// Why values of this schema are not read, if so.
pub(crate) fn refusal(schema: &Schema) -> Option<String> {
    let mut walk = Walk { depths: HashMap::new() };
    match walk.depth(schema) {
        Ok(depth) if depth > MAX_DEPTH => Some(format!("its types nest deeper than {MAX_DEPTH}")),
        Ok(_) => None,
        Err(reason) => Some(reason),
    }
}

struct Walk {
    /// Named types met so far; no depth yet while they are open.
    depths: HashMap<String, Option<usize>>,
}

impl Walk {
    fn depth(&mut self, schema: &Schema) -> Result<usize, String> {
        match schema {
            Schema::Null => Err("it has a null outside a union".to_owned()),
            Schema::Fixed(fixed) if fixed.size == 0 => Err(format!("the fixed {} has no bytes", fixed.name)),
            Schema::Array(array) => self.depth(&array.items).map(|d| d + 1),
            Schema::Map(map) => self.depth(&map.types).map(|d| d + 1),
            Schema::Union(union) => {
                let variants = union.variants().iter().filter(|v| !matches!(v, Schema::Null));
                self.deepest(variants)
            }
            Schema::Record(record) if record.fields.is_empty() => {
                Err(format!("the record {} has no fields", record.name))
            }
            Schema::Record(record) => {
                let name = record.name.to_string();
                self.depths.insert(name.clone(), None);
                let depth = self.deepest(record.fields.iter().map(|f| &f.schema))?;
                self.depths.insert(name, Some(depth));
                Ok(depth)
            }
            Schema::Ref { name } => match self.depths.get(name.as_ref()) {
                Some(Some(depth)) => Ok(*depth),
                Some(None) => Err(format!("the type {name} holds itself")),
                // Enums and fixed are leaves.
                None => Ok(1),
            },
            _ => Ok(1),
        }
    }

    fn deepest<'a>(&mut self, schemas: impl Iterator<Item = &'a Schema>) -> Result<usize, String> {
        let mut deepest = 0;
        for schema in schemas {
            deepest = deepest.max(self.depth(schema)?);
        }
        Ok(deepest + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Option<String> {
        refusal(&Schema::parse_str(json).unwrap())
    }

    fn record(fields: &str) -> String {
        format!(r#"{{"type": "record", "name": "R", "fields": [{fields}]}}"#)
    }

    #[test]
    fn a_schema_that_would_make_reading_run_away_is_refused() {
        let refused = [
            (record(r#"{"name": "n", "type": ["null", {"type": "array", "items": "R"}]}"#), "holds itself"),
            (record(r#"{"name": "n", "type": {"type": "array", "items": "null"}}"#), "null"),
            (record(""), "no fields"),
            (record(r#"{"name": "n", "type": {"type": "fixed", "name": "F", "size": 0}}"#), "no bytes"),
        ];
        for (json, why) in refused {
            assert!(of(&json).is_some_and(|r| r.contains(why)), "{json}");
        }
    }

    #[test]
    fn types_that_nest_through_names_count_as_nested() {
        let chain = |links: usize| {
            let mut fields = r#"{"name": "f0", "type": {"type": "record", "name": "C0", "fields": [{"name": "x", "type": "int"}]}}"#
                .to_owned();
            for n in 1..links {
                let inner = n - 1;
                fields.push_str(&format!(
                    r#", {{"name": "f{n}", "type": {{"type": "record", "name": "C{n}", "fields": [
                        {{"name": "x", "type": "C{inner}"}}, {{"name": "y", "type": "C{inner}"}}]}}}}"#
                ));
            }
            of(&record(&fields))
        };
        assert_eq!(chain(50), None);
        assert!(chain(100).is_some_and(|r| r.contains("deeper")));
    }
}
