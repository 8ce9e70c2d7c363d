//! A row's cells as a program's variables.

use std::sync::Arc;

use minijinja::{
    Value,
    value::{Enumerator, Object},
};

use super::tokens::ROW;

/// A row's cells by column name, as variables and as items of `row`.
#[derive(Debug)]
pub(super) struct Context {
    names: Arc<[(String, usize)]>,
    values: Vec<Value>,
}

impl Context {
    /// `values` are in the order of `names`.
    pub(super) fn value(names: Arc<[(String, usize)]>, values: Vec<Value>) -> Value {
        Value::from_object(Self { names, values })
    }
}

impl Object for Context {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        let at = self.names.iter().position(|(name, _)| name == key);
        match at {
            Some(at) => self.values.get(at).cloned(),
            None if key == ROW => Some(Value::from_dyn_object(self.clone())),
            None => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}
