package account

import (
	"context"
	"encoding/base64"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
)

// tokenPrefix lets people and scanners recognise a token that lies where it should not.
const tokenPrefix = "zlt_"

// The life of a token.
const (
	defaultTokenLife = 365 * 24 * time.Hour
	maxTokenLife     = 3 * 365 * 24 * time.Hour
)

// TokenRequest asks for a token. A zero ExpiresAt means in a year; three years are the most.
type TokenRequest struct {
	Scope      string // access.ScopeDock or access.ScopeRead
	Name       string // where it is used: "一楼采集站"
	Department ident.DepartmentID
	ExpiresAt  time.Time
}

// CreateToken makes a token and returns its text, which is shown this once. Faults: Invalid "token.scope",
// "token.expiry", "org.name".
func (s *Service) CreateToken(ctx context.Context, actor access.Actor, q TokenRequest) (Token, string, error) {
	if q.Scope != access.ScopeDock && q.Scope != access.ScopeRead {
		return Token{}, "", fault.New(fault.Invalid, "token.scope").At("scope")
	}
	name, err := org.CleanName(q.Name, "name")
	if err != nil {
		return Token{}, "", err
	}
	text := tokenPrefix + base64.RawURLEncoding.EncodeToString(randomBytes(tokenBytes))
	k := Token{ID: ident.New[ident.TokenID](), Scope: q.Scope, Name: name, Department: q.Department, ExpiresAt: q.ExpiresAt, CreatedBy: actor.ID}
	err = s.c.Gate.Do(ctx, actor, access.TokenCreate, tokenSubject(k), func(tx *gate.Tx) error {
		if k.ExpiresAt.IsZero() {
			k.ExpiresAt = tx.Now().Add(defaultTokenLife)
		}
		if life := k.ExpiresAt.Sub(tx.Now()); life <= 0 || life > maxTokenLife {
			return fault.New(fault.Invalid, "token.expiry").At("expires")
		}
		if err := org.CheckDepartmentIn(tx, k.Department); err != nil {
			return err
		}
		k.CreatedAt = tx.Now()
		if err := insertToken(tx.Context(), tx.DB(), k, digest(text)); err != nil {
			return err
		}
		_, err := tx.Record(gate.Entry{Detail: custody.Detail("scope", k.Scope, "name", k.Name,
			"department", nilIfEmpty(k.Department), "expires_us", clock.Micros(k.ExpiresAt))})
		return err
	})
	if err != nil {
		return Token{}, "", err
	}
	return k, text, nil
}

// RevokeToken stops a token at once. A revoked one is fault Conflict "token.revoked".
func (s *Service) RevokeToken(ctx context.Context, actor access.Actor, id ident.TokenID) error {
	k, err := selectToken(ctx, s.c.DB.Reader, "id", string(id))
	if err != nil {
		return err
	}
	return s.c.Gate.Do(ctx, actor, access.TokenRevoke, tokenSubject(k), func(tx *gate.Tx) error {
		ok, err := revokeToken(tx.Context(), tx.DB(), id, tx.Now())
		if err != nil {
			return err
		}
		if !ok {
			return fault.New(fault.Conflict, "token.revoked")
		}
		_, err = tx.Record(gate.Entry{})
		return err
	})
}

// AuthenticateToken gives the actor behind a token ("zlt_…", with or without "Bearer "). Unknown, expired and revoked
// are fault Unauthorized "token.unknown", "token.expired" and "token.revoked_used".
func (s *Service) AuthenticateToken(ctx context.Context, bearer string) (access.Actor, error) {
	text := strings.TrimSpace(bearer)
	if scheme, rest, ok := strings.Cut(text, " "); ok && strings.EqualFold(scheme, "bearer") {
		text = strings.TrimSpace(rest)
	}
	if !strings.HasPrefix(text, tokenPrefix) || len(text) > 100 {
		return access.Actor{}, fault.New(fault.Unauthorized, "token.unknown")
	}
	k, err := selectToken(ctx, s.c.DB.Reader, "digest", digest(text))
	if fault.Is(err, fault.NotFound) {
		return access.Actor{}, fault.New(fault.Unauthorized, "token.unknown")
	}
	if err != nil {
		return access.Actor{}, err
	}
	now := s.c.Clock.Now()
	switch {
	case !k.RevokedAt.IsZero():
		return access.Actor{}, fault.New(fault.Unauthorized, "token.revoked_used")
	case !k.Usable(now):
		return access.Actor{}, fault.New(fault.Unauthorized, "token.expired")
	}
	a := access.Actor{Kind: access.Token, ID: string(k.ID), Name: k.Name, TokenScope: k.Scope, Department: k.Department}
	if k.Department != "" {
		if a.Departments, err = selectBelow(ctx, s.c.DB.Reader, k.Department); err != nil {
			return access.Actor{}, err
		}
	}
	if now.Sub(k.UsedAt) >= touchEvery {
		s.touch(ctx, "token", "id", "used_at", string(k.ID), now)
	}
	return a, nil
}

// TokenFilter narrows a list of tokens. Past shows revoked and expired ones, too.
type TokenFilter struct {
	Scope string
	Past  bool
	After string
	Limit int
}

// Tokens lists tokens, newest first.
func (s *Service) Tokens(ctx context.Context, actor access.Actor, f TokenFilter) (org.Page[Token], error) {
	if err := s.c.Gate.Check(ctx, actor, access.TokenList, access.Subject{Kind: "token"}); err != nil {
		return org.Page[Token]{}, err
	}
	after, err := org.ReadCursor(f.After, 1)
	if err != nil {
		return org.Page[Token]{}, err
	}
	n := org.PageSize(f.Limit)
	rows, err := selectTokens(ctx, s.c.DB.Reader, f, after, s.c.Clock.Now(), n+1)
	if err != nil {
		return org.Page[Token]{}, err
	}
	return org.Cut(rows, n, func(k Token) []string { return []string{string(k.ID)} }), nil
}

func tokenSubject(k Token) access.Subject {
	return access.Subject{Kind: "token", ID: string(k.ID), Department: k.Department}
}

// Token gives a token by its id, for naming who acted. NotFound "token.unknown".
func (s *Service) Token(ctx context.Context, id ident.TokenID) (Token, error) {
	return selectToken(ctx, s.c.DB.Reader, "id", string(id))
}
