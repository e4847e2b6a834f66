package giving

import (
	"context"
	"slices"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/disclosure"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/web/calls"
	"zhilu.dev/zhilu/internal/web/site"
)

// callRoutes are the pages on which calls for a case's file are entered and answered.
func (o *Office) callRoutes() []site.Route {
	if o.Given == nil {
		return nil
	}
	return calls.Routes(calls.Deps{
		Calls: o.Given,
		Case: func(ctx context.Context, by access.Actor, id ident.CaseID) (disclosure.CaseFacts, error) {
			f, err := o.d.Cases.Get(ctx, by, id)
			if err != nil {
				return disclosure.CaseFacts{}, err
			}
			e, err := o.d.Cases.Edition(ctx, f)
			if err != nil {
				return disclosure.CaseFacts{}, err
			}
			out := disclosure.CaseFacts{No: f.Case.No, Department: f.Case.Department, Calendar: e.Calendar}
			for _, h := range f.Handlers {
				if h.Lead && h.Until.IsZero() {
					out.Lead = h.Person
				}
			}
			return out, nil
		},
		Of: func(ctx context.Context, id ident.CaseID) ([]disclosure.Call, error) {
			return disclosure.CallsOf(ctx, o.d.DB.Reader, id)
		},
		CaseOf: func(ctx context.Context, id ident.CallID) (ident.CaseID, error) {
			return disclosure.CaseOfCall(ctx, o.d.DB.Reader, id)
		},
		Given: func(ctx context.Context, by access.Actor, id ident.CaseID) ([]disclosure.Disclosure, error) {
			list, err := disclosure.OfCase(ctx, o.d.DB.Reader, id)
			return slices.DeleteFunc(list, func(d disclosure.Disclosure) bool { return !o.Given.May(by, access.DisclosureView, &d) }), err
		},
		Name: func(ctx context.Context, account string) string {
			return o.d.ActorName(ctx, custody.Actor{Kind: custody.Person, ID: account})
		},
	})
}
