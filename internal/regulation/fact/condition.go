package fact

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// Truth is what a condition comes to.
type Truth string

// The truths. Open means that a fact it hangs on has not been answered.
const (
	Yes  Truth = "yes"
	No   Truth = "no"
	Open Truth = "open"
)

// Answers are the facts that are known, by id: "true" and "false", or an option.
type Answers map[string]string

// Condition is a compiled condition. It is safe for concurrent use.
type Condition struct {
	program cel.Program
	uses    []string
}

// limits keep a condition that an administrator writes from eating the machine.
const (
	maxSource = 2000
	maxCost   = 10_000
)

// ErrCondition is wrapped by every refusal to compile; its text names the place.
var ErrCondition = errors.New("fact: condition")

var environment = sync.OnceValues(func() (*cel.Env, error) {
	opts := []cel.EnvOption{cel.ParserRecursionLimit(50)}
	for _, f := range facts {
		t := cel.BoolType
		if f.Type == Enum {
			t = cel.StringType
		}
		opts = append(opts, cel.Variable(f.ID, t))
	}
	return cel.NewEnv(opts...)
})

var compiled sync.Map // source → Condition: conditions are compiled once for all cases

// Compile checks a condition: it must be a truth over known facts, and what an enumeration is compared with must be one of
// its options.
func Compile(source string) (Condition, error) {
	if c, ok := compiled.Load(source); ok {
		return c.(Condition), nil
	}
	env, err := environment()
	if err != nil {
		return Condition{}, fmt.Errorf("fact: %w", err)
	}
	tree, err := check(env, source)
	if err != nil {
		return Condition{}, err
	}
	c := Condition{}
	var wrong error
	walk(tree.NativeRep().Expr(), func(e ast.Expr) {
		if e.Kind() == ast.IdentKind {
			if f, ok := Find(e.AsIdent()); ok && !slices.Contains(c.uses, f.ID) {
				c.uses = append(c.uses, f.ID)
			}
		}
		if err := options(e); err != nil {
			wrong = err
		}
	})
	if wrong != nil {
		return Condition{}, wrong
	}
	if c.program, err = env.Program(tree, cel.EvalOptions(cel.OptPartialEval), cel.CostLimit(maxCost)); err != nil {
		return Condition{}, fmt.Errorf("%w: %w", ErrCondition, err)
	}
	compiled.Store(source, c)
	return c, nil
}

func check(env *cel.Env, source string) (*cel.Ast, error) {
	if len(source) > maxSource {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrCondition, maxSource)
	}
	tree, issues := env.Compile(source)
	if issues.Err() != nil {
		return nil, fmt.Errorf("%w: %w", ErrCondition, issues.Err())
	}
	if !tree.OutputType().IsExactType(cel.BoolType) {
		return nil, fmt.Errorf("%w: not a truth but %s", ErrCondition, tree.OutputType())
	}
	return tree, nil
}

// options refuses a comparison of an enumeration with what is none of its options: it could never hold.
func options(e ast.Expr) error {
	if e.Kind() != ast.CallKind {
		return nil
	}
	call := e.AsCall()
	if !slices.Contains([]string{operators.Equals, operators.NotEquals, operators.In}, call.FunctionName()) {
		return nil
	}
	var f Fact
	var texts []string
	for _, a := range call.Args() {
		walk(a, func(x ast.Expr) {
			if x.Kind() == ast.IdentKind {
				if g, ok := Find(x.AsIdent()); ok && g.Type == Enum {
					f = g
				}
			}
			if x.Kind() == ast.LiteralKind {
				if s, ok := x.AsLiteral().Value().(string); ok {
					texts = append(texts, s)
				}
			}
		})
	}
	if f.ID == "" {
		return nil
	}
	for _, s := range texts {
		if !f.Holds(s) {
			return fmt.Errorf("%w: %s is never %q", ErrCondition, f.ID, s)
		}
	}
	return nil
}

func walk(e ast.Expr, visit func(ast.Expr)) {
	ast.PostOrderVisit(e, ast.NewExprVisitor(visit))
}

// Uses lists the facts the condition hangs on.
func (c Condition) Uses() []string { return slices.Clone(c.uses) }

// Judge says whether the condition holds, given what is known.
func (c Condition) Judge(known Answers) (Truth, error) {
	vars := make(map[string]any, len(c.uses))
	var unknown []*cel.AttributePatternType
	for _, id := range c.uses {
		v, ok := known[id]
		f, _ := Find(id)
		switch {
		case !ok || !f.Holds(v):
			unknown = append(unknown, cel.AttributePattern(id))
		case f.Type == Bool:
			vars[id] = v == "true"
		default:
			vars[id] = v
		}
	}
	in, err := cel.PartialVars(vars, unknown...)
	if err != nil {
		return Open, fmt.Errorf("fact: %w", err)
	}
	out, _, err := c.program.Eval(in)
	if err != nil {
		return Open, fmt.Errorf("fact: %w", err)
	}
	if types.IsUnknown(out) {
		return Open, nil
	}
	if out == types.True {
		return Yes, nil
	}
	return No, nil
}

// Missing lists the facts a condition still needs: those it uses that are not known.
func (c Condition) Missing(known Answers) []string {
	var out []string
	for _, id := range c.uses {
		if f, _ := Find(id); !f.Holds(known[id]) {
			out = append(out, id)
		}
	}
	return out
}
