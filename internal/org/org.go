// Package org is the bureau: its departments, its people and their enforcement certificates. It keeps what the
// obligations of articles 8(1) and 21 need and nothing else: no ethnicity, no religion, no identity number.
//
// Nothing is deleted. A department is closed, a person deactivated, a certificate revoked, each with an entry, because
// recordings made before still name them.
package org

import (
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/ident"
)

// Bureau is the authority this installation serves (本局).
type Bureau struct {
	ID        ident.BureauID
	Name      string
	CreatedAt time.Time
}

// Department is an enforcing unit of the bureau (科室). Parent is empty directly under the bureau.
type Department struct {
	ID       ident.DepartmentID
	Parent   ident.DepartmentID
	Name     string
	Sort     int
	ClosedAt time.Time // zero while open
}

// Person is somebody who works for the bureau (人员). Department is empty for the bureau itself, as for its leaders.
// A name may be long, hold "·" and rare characters; it is kept as written (NFC).
type Person struct {
	ID            ident.PersonID
	Name          string
	Number        string // staff number (工号), may be empty
	Department    ident.DepartmentID
	CreatedAt     time.Time
	DeactivatedAt time.Time // zero while serving
}

// Active reports whether the person still serves.
func (p Person) Active() bool { return p.DeactivatedAt.IsZero() }

// CertificateKind says what a certificate entitles to.
type CertificateKind string

// The kinds of certificates.
const (
	Enforcement CertificateKind = "enforcement" // 行政执法证
	Supervision CertificateKind = "supervision" // 行政执法监督证
)

// Certificate is an enforcement certificate (执法证件). ValidFrom and ValidTo are its first and last valid day, each as
// midnight in Shanghai; the last day itself is valid.
type Certificate struct {
	ID           ident.CertificateID
	Person       ident.PersonID
	Number       string // unique for ever
	Kind         CertificateKind
	ValidFrom    time.Time
	ValidTo      time.Time
	RevokedAt    time.Time // zero while not revoked
	RevokeReason string
}

// ValidOn reports whether the certificate is valid on the day of t. Revocation counts from the day it happened.
func (c Certificate) ValidOn(t time.Time) bool {
	day := DayOf(t)
	return !day.Before(c.ValidFrom) && !day.After(c.ValidTo) && (c.RevokedAt.IsZero() || day.Before(DayOf(c.RevokedAt)))
}

// DayOf is the midnight in Shanghai that begins the day of t.
func DayOf(t time.Time) time.Time {
	y, m, d := t.In(clock.Shanghai).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, clock.Shanghai).UTC()
}

// Tree is the departments of the bureau at one moment, closed ones included.
type Tree []Department

// Find gives a department of the tree.
func (t Tree) Find(id ident.DepartmentID) (Department, bool) {
	for _, d := range t {
		if d.ID == id {
			return d, true
		}
	}
	return Department{}, false
}

// Descendants gives a department and everything below it, parents before children.
func (t Tree) Descendants(id ident.DepartmentID) []ident.DepartmentID {
	out := []ident.DepartmentID{id}
	for i := 0; i < len(out); i++ {
		for _, d := range t {
			if d.Parent == out[i] && !slices.Contains(out, d.ID) {
				out = append(out, d.ID)
			}
		}
	}
	return out
}

// Ancestors gives a department and everything above it, nearest first.
func (t Tree) Ancestors(id ident.DepartmentID) []ident.DepartmentID {
	var out []ident.DepartmentID
	for id != "" && !slices.Contains(out, id) {
		out = append(out, id)
		d, _ := t.Find(id)
		id = d.Parent
	}
	return out
}

// Path gives the names from the top down to the department, for pages: ["执法一科", "二中队"].
func (t Tree) Path(id ident.DepartmentID) []string {
	var out []string
	for _, a := range t.Ancestors(id) {
		if d, ok := t.Find(a); ok {
			out = append(out, d.Name)
		}
	}
	slices.Reverse(out)
	return out
}

// Children gives the open departments directly under parent ("" for the bureau), in order.
func (t Tree) Children(parent ident.DepartmentID) []Department {
	var out []Department
	for _, d := range t {
		if d.Parent == parent && d.ClosedAt.IsZero() {
			out = append(out, d)
		}
	}
	return out
}
