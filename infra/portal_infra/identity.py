"""Who may sign in, and what their tokens say: a user pool that only administrators fill."""

from typing import Final

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.portal_infra.options import Options
from portal_api.auth import SCOPE
from portal_api.domain.partners import Role

_SERVER, _SCOPE = SCOPE.split("/")
_HERE: Final = "http://localhost:8400"
"""Where a developer's own front end is signed in to, unless other sites are named."""


class Identity(Construct):
    """The pool, its groups, the scope of the API, and the portal's own client.

    A user name is the id of an individual in the store, which says at every request what that
    person may do; groups and scope are a second lock. ``tokens`` is asked before a token is signed.
    """

    def __init__(self, scope: Construct, options: Options, tokens: lambda_.IFunction) -> None:
        super().__init__(scope, "Identity")
        self.pool = self._pool(options)
        self.pool.add_trigger(
            # Only from version 2 on can it change an access token.
            cognito.UserPoolOperation.PRE_TOKEN_GENERATION_CONFIG,
            tokens,
            cognito.LambdaVersion.V2_0,
        )
        for role in Role:
            self.pool.add_group(
                f"Group{role.name.title().replace('_', '')}",
                group_name=role.value,
                description="As the store says; the tokens' function overrides membership.",
            )
        server_scope = cognito.ResourceServerScope(
            scope_name=_SCOPE, scope_description="Call the portal's API."
        )
        server = self.pool.add_resource_server("Server", identifier=_SERVER, scopes=[server_scope])
        self.client = self._client(
            options, cognito.OAuthScope.resource_server(server, server_scope)
        )
        # A prefix is one of a whole region, so that the account's number makes it ours.
        prefix = f"{options.named('')}{Aws.ACCOUNT_ID}"
        self.domain = self.pool.add_domain(
            "Domain", cognito_domain=cognito.CognitoDomainOptions(domain_prefix=prefix)
        )

    def _pool(self, options: Options) -> cognito.UserPool:
        return cognito.UserPool(
            self,
            "Pool",
            user_pool_name=options.named("people"),
            # Triggers of version 2 need this plan or the one above it.
            feature_plan=cognito.FeaturePlan.ESSENTIALS,
            self_sign_up_enabled=False,
            sign_in_aliases=cognito.SignInAliases(username=True, email=True),
            auto_verify=cognito.AutoVerifiedAttrs(email=True),
            # A new address counts only once it is proven, so that nobody signs in by another's.
            keep_original=cognito.KeepOriginalAttrs(email=True),
            sign_in_case_sensitive=False,
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            mfa=cognito.Mfa.REQUIRED if options.production else cognito.Mfa.OPTIONAL,
            mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
            password_policy=cognito.PasswordPolicy(
                min_length=14,
                require_digits=True,
                require_lowercase=True,
                require_symbols=True,
                require_uppercase=True,
                password_history_size=5,
                temp_password_validity=Duration.days(3),
            ),
            deletion_protection=True,
            removal_policy=RemovalPolicy.RETAIN,
        )

    def _client(self, options: Options, api: cognito.OAuthScope) -> cognito.UserPoolClient:
        sites = options.origins or (_HERE,)
        return self.pool.add_client(
            "Portal",
            user_pool_client_name=options.named("web"),
            generate_secret=False,  # It runs in a browser, which keeps none; there is PKCE.
            auth_flows=cognito.AuthFlow(
                user_srp=True,
                # For tests without a browser. It shows the password to who is called.
                user_password=not options.production,
            ),
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(authorization_code_grant=True, implicit_code_grant=False),
                scopes=[cognito.OAuthScope.OPENID, api],
                callback_urls=[f"{site}/signed-in" for site in sites],
                logout_urls=[f"{site}/signed-out" for site in sites],
            ),
            supported_identity_providers=[cognito.UserPoolClientIdentityProvider.COGNITO],
            access_token_validity=Duration.minutes(15),
            id_token_validity=Duration.minutes(15),
            refresh_token_validity=Duration.hours(12),  # A working day.
            auth_session_validity=Duration.minutes(5),
            enable_token_revocation=True,
            prevent_user_existence_errors=True,
            read_attributes=cognito.ClientAttributes().with_standard_attributes(
                email=True, email_verified=True, locale=True
            ),
            # Naming none would mean all of them. Nothing that counts is a person's own to write.
            write_attributes=cognito.ClientAttributes().with_standard_attributes(locale=True),
        )
