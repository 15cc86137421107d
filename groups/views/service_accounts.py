"""Service accounts of groups, and their keys, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.mixins import ListModelMixin
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.models import ApiKey
from groups import services
from groups.models import ServiceAccount
from groups.serializers import (
    CreateServiceAccountSerializer,
    CreateServiceKeySerializer,
    NewServiceKeySerializer,
    ServiceAccountSerializer,
    ServiceKeySerializer,
)
from groups.views.groups import GroupView
from youworker.core.api.rate_limits import rate_limited

if TYPE_CHECKING:
    from uuid import UUID

    from rest_framework.request import Request

    from accounts.managers import ApiKeyQuerySet
    from groups.managers import ServiceAccountQuerySet


class ServiceAccountView(GroupView):
    """Finds service accounts for the admins of their group."""

    def accounts(self, group_id: UUID) -> ServiceAccountQuerySet:
        """Those of a group; 404 for strangers, 403 for members."""
        group = self.managed(group_id)
        visible = ServiceAccount.objects.visible_to(self.actor).filter(group=group)
        return visible.with_people().newest_first()

    def account(self, group_id: UUID, pk: UUID) -> ServiceAccount:
        """One of a group."""
        return get_object_or_404(self.accounts(group_id), pk=pk)


class ServiceAccountViewSet(ServiceAccountView, ListModelMixin, GenericViewSet):
    """Users of programs, which belong to a group and cannot sign in. For the group's admins."""

    queryset = ServiceAccount.objects.none()
    serializer_class = ServiceAccountSerializer

    def get_queryset(self) -> ServiceAccountQuerySet:
        return self.accounts(self.kwargs["group_id"])

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List them, newest first."""
        return super().list(request, *args, **kwargs)

    @extend_schema(
        request=CreateServiceAccountSerializer, responses={201: ServiceAccountSerializer}
    )
    @rate_limited("MODERATE")
    def create(self, request: Request, group_id: Any = None) -> Response:
        """Make one; it becomes a member of the group."""
        group = self.managed(group_id)
        form = CreateServiceAccountSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = services.create_service_account(group, **form.validated_data, actor=self.actor)
        return Response(ServiceAccountSerializer(made).data, status=201)

    @extend_schema(responses={204: None})
    @rate_limited("MODERATE")
    def destroy(self, request: Request, group_id: Any = None, pk: Any = None) -> Response:
        """End it and its keys for good; what it owns stays."""
        services.remove_service_account(self.account(group_id, pk), actor=self.actor)
        return Response(status=204)


class ServiceKeyViewSet(ServiceAccountView, ListModelMixin, GenericViewSet):
    """The API keys of a service account; secrets are shown once, when they are made."""

    queryset = ApiKey.objects.none()
    serializer_class = ServiceKeySerializer

    def get_queryset(self) -> ApiKeyQuerySet:
        account = self.account(self.kwargs["group_id"], self.kwargs["pk"])
        return ApiKey.objects.visible_to(account.user).newest_first()

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List them, newest first."""
        return super().list(request, *args, **kwargs)

    @extend_schema(request=CreateServiceKeySerializer, responses={201: NewServiceKeySerializer})
    @rate_limited("MODERATE")
    def create(self, request: Request, group_id: Any = None, pk: Any = None) -> Response:
        """Make a key."""
        account = self.account(group_id, pk)
        form = CreateServiceKeySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        key, secret = services.create_service_key(
            account, **form.validated_data, with_key=self.shown_key, actor=self.actor
        )
        return Response({**ServiceKeySerializer(key).data, "key": secret}, status=201)

    @extend_schema(responses={204: None})
    @rate_limited("MODERATE")
    def destroy(
        self, request: Request, group_id: Any = None, pk: Any = None, key_id: Any = None
    ) -> Response:
        """Revoke a key at once."""
        account = self.account(group_id, pk)
        services.revoke_service_key(account, key_id=key_id, actor=self.actor)
        return Response(status=204)
