package org

import (
	"context"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

// FindDepartment gives the department of this id or name, fault NotFound "org.department_unknown" for none.
func (s *Service) FindDepartment(ctx context.Context, idOrName string) (ident.DepartmentID, error) {
	tree, err := s.Tree(ctx)
	if err != nil {
		return "", err
	}
	for _, d := range tree {
		if d.ClosedAt.IsZero() && (string(d.ID) == idOrName || d.Name == idOrName) {
			return d.ID, nil
		}
	}
	return "", fault.New(fault.NotFound, "org.department_unknown").At("department")
}

// EnsureDepartment gives the department of this id or name and makes it if there is none.
func (s *Service) EnsureDepartment(ctx context.Context, actor access.Actor, name string) (ident.DepartmentID, error) {
	id, err := s.FindDepartment(ctx, name)
	if !fault.Is(err, fault.NotFound) {
		return id, err
	}
	d, err := s.AddDepartment(ctx, actor, "", name)
	return d.ID, err
}
